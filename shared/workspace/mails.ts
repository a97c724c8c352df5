/** The mails that the product sends by itself: queued with what causes them, sent by a job. */
import { AppError, toAppError } from '../errors.ts'
import type { MailRequest, Time } from '../model/index.ts'
import { parseMailAddress } from '../model/mail-address.ts'
import type { Clock, Ids, Job, Log, Mail, Queue, Secrets, SqlExecutor } from '../ports.ts'
import type { Store } from '../store/index.ts'
import { type MailSurroundings, validity, writeMail } from './mail-text.ts'

export interface MailSettings extends MailSurroundings {
  mail: Mail
  /** Keeps what stands in the queue unreadable, on every process that queues and sends. */
  secrets: Secrets
}

export interface Mails {
  /** Whether any are sent here. */
  readonly on: boolean
  /**
   * What it gives is for the transaction that the mail belongs to: behind its commit it is sure to be tried. `nobody`: does the same and takes
   * as long, and nothing is sent: so that whoever asks cannot tell whether somebody has this address. Throws `mail-off`, `mail-address`,
   * `secrets-key`.
   */
  prepare(request: MailRequest, options?: { nobody?: boolean }): Promise<(tx: SqlExecutor) => Promise<void>>
  /** Behind the commit, so that it goes out at once. */
  wake(): void
}

/** What the queue holds, sealed. */
interface Queued {
  request: MailRequest
  /** Of one for nobody there is no need to send it. */
  nobody: boolean
  until: Time
}

const purpose = 'mail'
/** Milliseconds that a mail without a link that ends is tried for. Most mail servers try for days; what is said here is of the moment. */
const longestTry = 24 * 60 * 60 * 1000
/** Of the pause before the next try. A queue keeps nothing for later than some 96 s; a server that wants to see whether one comes back does so for minutes. */
const pause = { least: 2000, most: 90_000 }

/** Worth another try: it is the server's or the way's fault, or that of settings somebody may be changing. */
const passing: ReadonlySet<string> = new Set([
  'mail-later',
  'mail-login',
  'mail-tls',
  'mail-unreachable',
  'mail-silent',
  'egress-refused',
])

export function createMails({
  kind,
  settings,
  queue,
  store,
  clock,
  ids,
  log,
  wake,
  random = Math.random,
}: {
  kind: string
  settings: MailSettings | undefined
  queue: Queue
  store: Pick<Store, 'transaction' | 'executor'>
  clock: Clock
  ids: Ids
  log: Log
  wake(): void
  random?: () => number
}): Mails & {
  /** Does a job of the kind; undefined where no mail is sent. */
  run: ((job: Job, signal: AbortSignal) => Promise<void>) | undefined
} {
  async function prepare(request: MailRequest, { nobody = false }: { nobody?: boolean } = {}) {
    if (!settings) throw new AppError('mail-off')
    const to = parseMailAddress(request.to)
    if (to === undefined) throw new AppError('mail-address', { address: request.to })
    // Now, so that whoever made a mistake hears of it.
    writeMail(request, settings)
    const queued: Queued = {
      request: { ...request, to },
      nobody,
      until: clock.now() + Math.min(validity(request) ?? longestTry, longestTry),
    }
    const id = ids.next()
    const sealed = await settings.secrets.seal(JSON.stringify(queued), `${purpose} ${id}`)
    const job = { kind, key: `${purpose}:${id}`, payload: { id, sealed, since: clock.now() } }
    return (tx: SqlExecutor) => queue.enqueue(tx, job)
  }

  /** How long to wait where the first try was so long ago: as long again. */
  const pauseAfter = (age: number) => Math.min(pause.most, Math.max(pause.least, age)) * (0.5 + random() / 2)

  async function run(job: Job, signal: AbortSignal, using: MailSettings): Promise<void> {
    const settle = (outcome: Parameters<Queue['settle']>[2]) =>
      store.transaction('internal', async tx => void (await queue.settle(store.executor(tx), job, outcome)))
    const { id, sealed, since } = job.payload as { id: string; sealed: string; since: Time }
    const giveUp = async (error: AppError) => {
      log.warn('a mail was given up', { job: job.id, error: error.message })
      await settle({ state: 'dead', error: error.message })
    }
    let queued: Queued
    try {
      queued = JSON.parse(await using.secrets.open(sealed, `${purpose} ${id}`)) as Queued
    } catch (error) {
      return giveUp(toAppError(error))
    }
    if (queued.nobody) return settle({ state: 'done' })
    if (clock.now() >= queued.until) return giveUp(new AppError('mail-late'))
    try {
      await using.mail.send({ id, to: queued.request.to, ...writeMail(queued.request, using) }, signal)
    } catch (thrown) {
      const error = toAppError(thrown)
      if (signal.aborted) throw error
      const then = clock.now() + pauseAfter(clock.now() - since)
      if (!passing.has(error.code) || then >= queued.until) return giveUp(error)
      log.info('a mail is tried again', { job: job.id, error: error.message })
      return settle({ state: 'later', until: Math.round(then) })
    }
    await settle({ state: 'done' })
  }

  return {
    on: settings !== undefined,
    prepare,
    wake,
    run: settings && ((job, signal) => run(job, signal, settings)),
  }
}
