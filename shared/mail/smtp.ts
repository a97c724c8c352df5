/** Mail by SMTP, over a connection of the gate: one for each mail, which is one line in the ledger. */
import { Readable } from 'node:stream'
import type SMTPConnection from 'nodemailer/lib/smtp-connection'
import { AppError } from '../errors.ts'
import { type Mailbox, parseMailAddress } from '../model/mail-address.ts'
import type { Clock, EgressConnection, Mail } from '../ports.ts'
import { toFailure } from './failure.ts'
import { compose } from './mime.ts'

export interface SmtpSettings {
  host: string
  port: number
  /** `tls` from the first byte, `starttls` before anything else is said or not at all, or none. */
  secure: 'tls' | 'starttls' | 'none'
  user?: string
  password?: string
  from: Mailbox
  /** What we call ourselves; without, this machine's name. */
  name?: string
  /** Certificates to trust besides the known ones' own. */
  ca?: string
}

/** Milliseconds. */
export interface SmtpTimes {
  /** Until the server greets, and TLS stands. */
  greeting: number
  /** Until the mail itself may be sent. */
  envelope: number
  /**
   * Until the server has taken it. RFC 5321 (4.5.3.2.6) says ten minutes, for what is given up before and taken after is sent twice; but
   * a job holds its place meanwhile, and servers that look for viruses take seconds.
   */
  taking: number
  /** The same where this program is to stop. */
  stopping: number
  /** How long nobody logs in after a login was refused: servers lock accounts. */
  rest: number
}

const usualTimes: SmtpTimes = {
  greeting: 30_000,
  envelope: 60_000,
  taking: 180_000,
  stopping: 5000,
  rest: 60_000,
}

/** `connect` leads through the gate. */
export function createSmtp({
  settings,
  connect,
  clock,
  times = usualTimes,
}: {
  settings: SmtpSettings
  connect(to: { host: string; port: number }, signal?: AbortSignal): Promise<EgressConnection>
  clock: Clock
  times?: SmtpTimes
}): Mail {
  const { host, port, secure, user, password, from, name, ca } = settings
  let refused: { login: AppError; until: number } | undefined

  async function speak({ socket }: EgressConnection): Promise<SMTPConnection> {
    const { default: Connection } = await import('nodemailer/lib/smtp-connection')
    return new Connection({
      connection: socket,
      host,
      port,
      secure: secure === 'tls',
      requireTLS: secure === 'starttls',
      ignoreTLS: secure === 'none',
      tls: { minVersion: 'TLSv1.2', ...(ca !== undefined && { ca }) },
      greetingTimeout: times.greeting,
      socketTimeout: times.taking,
      socketCloseTimeout: 1000,
      ...(name !== undefined && { name }),
    })
  }

  /** `ended` rejects when the time is over, or `fail` is called. Once all is said, stopping would leave unknown whether it was taken. */
  function watchTime(signal: AbortSignal | undefined) {
    const { promise: ended, reject: fail } = Promise.withResolvers<never>()
    // Heard only where it comes first.
    ended.catch(() => {})
    let timer: ReturnType<typeof setTimeout> | undefined
    let said = false
    const after = (time: number, error: AppError) => {
      clearTimeout(timer)
      timer = setTimeout(() => fail(error), time)
    }
    const stop = () => after(said ? times.stopping : 0, new AppError('cancelled'))
    after(times.envelope, new AppError('mail-silent', { host }))
    if (signal?.aborted) stop()
    else signal?.addEventListener('abort', stop)
    return {
      ended,
      fail,
      begun() {
        said = true
        if (!signal?.aborted) after(times.taking, new AppError('mail-silent', { host }))
      },
      end() {
        clearTimeout(timer)
        signal?.removeEventListener('abort', stop)
      },
    }
  }

  async function exchange(session: SMTPConnection, to: string, message: Buffer, began: () => void): Promise<void> {
    await called<void>(done => session.connect(done))
    if (user !== undefined) {
      if (!session.allowsAuth) throw new AppError('mail-login', { host, status: 'no AUTH' })
      await called(done => session.login({ user, pass: password ?? '' }, done))
    }
    // Read when the server has said that it listens.
    const body = Readable.from(
      (function* () {
        began()
        yield message
      })(),
    )
    await called(done => session.send({ from: from.address, to: [to], size: message.length }, body, done))
  }

  return {
    async send(mail, signal) {
      const to = parseMailAddress(mail.to)
      if (to === undefined) throw new AppError('mail-address', { address: mail.to })
      if (refused && clock.now() < refused.until) throw refused.login
      const message = await compose({ ...mail, to }, from, clock.now())
      const connection = await connect({ host, port }, signal).catch(error => {
        throw toFailure(error, host).error
      })
      const session = await speak(connection)
      const watch = watchTime(signal)
      session.on('error', watch.fail)
      try {
        await Promise.race([exchange(session, to, message, watch.begun), watch.ended])
        session.quit()
      } catch (cause) {
        const { error, why } = toFailure(cause, host)
        if (why) connection.fail(why)
        if (error.code === 'mail-login') refused = { login: error, until: clock.now() + times.rest }
        throw error
      } finally {
        watch.end()
        if (!session.destroyed) session.close()
      }
    },
  }
}

/** What calls back, as a promise. */
function called<T>(start: (done: (error?: Error | null, value?: T) => void) => void): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    start((error, value) => (error ? reject(error) : resolve(value)))
  })
}
