/**
 * Entry of the server on the desktop. The main process starts it, says with the first message where it is to listen, and starts all other
 * processes for it: under Electron nobody else can. What else it does is what `serve` does, or, when it is told to, one of `doctor`, `backup`, `models unpack` and
 * `restore`, or it holds the data directory while main copies it.
 */
import { once } from 'node:events'
import { url as inspectorUrl } from 'node:inspector'
import { AppError, reasonOf, toAppError } from '../shared/errors.ts'
import type { BrokerChannel } from '../shared/processes/brokered.ts'
import { createBrokeredProcesses } from '../shared/processes/brokered.ts'
import type {
  CheckFinding,
  FromServer,
  ServerStart,
  ServerTask,
  ToServer,
} from '../shared/processes/desktop-protocol.ts'
import { makeBackup } from './commands/backup.ts'
import { takeFolder } from './commands/model-pack.ts'
import { restore } from './commands/restore.ts'
import { serve } from './commands/serve.ts'
import { createContext } from './context.ts'
import { claimDirectory } from './directory-lock.ts'
import { examineData } from './examine-data.ts'

/** Milliseconds that a stop may take in order, and before the process ends whatever hangs: the window's user waits for it. */
const patience = { grace: 1500, atMost: 2500 }

/** Milliseconds between two words on how far it is. */
const breath = 200
/** Milliseconds for main to say that it has seen the last word. */
const farewell = 1000

const tell = (message: FromServer) => void process.send?.(message)
const [start] = (await once(process, 'message')) as [ServerStart | ServerTask]
const context = createContext([], start.settings)
context.options = { data: start.dataDirectory }
const channel: BrokerChannel = {
  post: message => void process.send?.(message),
  listen: hear => void process.on('message', hear),
}
process.on('message', (message: ToServer) => {
  if (message.type === 'stop') context.interrupts.stop()
  if (message.type === 'ping') tell({ type: 'pong', inspected: inspectorUrl() !== undefined })
})
// Nobody is left to show anything to.
process.on('disconnect', () => context.interrupts.stop())

async function fail(error: unknown): Promise<never> {
  const known = toAppError(error)
  context.log().error('the server ended', { error })
  const { code, values = {} } = reasonOf(known)
  return leave({ type: 'failed', code, values }, 1)
}

for (const event of ['uncaughtException', 'unhandledRejection'] as const) process.on(event, error => void fail(error))

async function run(): Promise<void> {
  if (start.type === 'check') {
    const findings: CheckFinding[] = []
    for await (const finding of examineData(
      context,
      calmly(part => tell({ type: 'progress', part })),
    ))
      findings.push(finding)
    return end({ type: 'checked', findings })
  }
  if (start.type === 'backup') {
    const { file, documents, missing, damaged } = await makeBackup(context, { folder: start.folder, byHand: true })
    return end({ type: 'backed-up', file, documents, incomplete: missing + damaged > 0 })
  }
  if (start.type === 'unpack') {
    const taken = await takeFolder(
      context,
      start.folder,
      calmly((file, part) => tell({ type: 'progress', file, part })),
    )
    return end({ type: 'unpacked', models: taken.map(({ name, state }) => ({ name, state })) })
  }
  if (start.type === 'restore') {
    const progress = calmly((part: number) => tell({ type: 'progress', part }))
    let aside = ''
    const kept = (folder: string) => {
      aside = folder
    }
    await restore(context, start.file, { replace: true, yes: true, kept, progress })
    return end({ type: 'restored', aside })
  }
  if (start.type === 'hold') return hold()
  await serve(
    context,
    { host: '127.0.0.1', port: 'none', socket: start.socket, workers: '1' },
    {
      token: start.token,
      processes: createBrokeredProcesses({ channel, log: context.log() }),
      doing: step => tell({ type: 'doing', step }),
      ready: () => tell({ type: 'ready' }),
      ...patience,
    },
  )
}

/** Not more often than somebody can read it. */
function calmly<Args extends unknown[]>(tell: (...args: Args) => void): (...args: Args) => void {
  let told = Number.NEGATIVE_INFINITY
  return (...args) => {
    if (performance.now() - told < breath) return
    told = performance.now()
    tell(...args)
  }
}

/** With main gone there is nobody left to copy anything; the system frees the locks with this process in any case. */
async function hold(): Promise<never> {
  const { signal } = context.interrupts
  const lock = await claimDirectory(start.dataDirectory, signal)
  if (!lock) throw new AppError('server-running', { address: start.dataDirectory })
  tell({ type: 'holding' })
  if (!signal.aborted) await once(signal, 'abort')
  lock.release()
  process.exit(0)
}

const end = (message: FromServer): Promise<never> => leave(message, 0)

/**
 * Only when it has come: news of the end of a utility process travel another way than its messages, and Electron drops those that come
 * after them. A library that is damaged would be told as a server that crashes, and a restore that is through as one that failed.
 */
async function leave(message: FromServer, code: number): Promise<never> {
  const seen = new Promise<void>(resolve => {
    process.on('message', ({ type }: ToServer) => type === 'seen' && resolve())
    process.on('disconnect', resolve)
    setTimeout(resolve, farewell)
  })
  tell(message)
  await context.terminal.flush()
  await seen
  process.exit(code)
}

try {
  await run()
} catch (error) {
  await fail(error)
}
