/** Signed-in users, as many requests a second as are wanted, on a server that does no background work. */
import { readFile } from 'node:fs/promises'
import { loadavg } from 'node:os'
import { setTimeout as pause } from 'node:timers/promises'
import { createRandom } from '../tests/synthetic.ts'
import { atLeast, atMost, type Figure, median, percentile, told } from './figure.ts'
import { type Answered, arrivals, sendAt } from './load-arrivals.ts'
import { type Stream, streamDocuments } from './load-ingest.ts'
import { backendsOf, processorTime } from './processor.ts'
import type { Program } from './program.ts'
import type { Surroundings } from './users.ts'
import { password } from './users-library.ts'
import { type Answer, clientOf, type Kind, kinds, requestOf, type User } from './users-requests.ts'

/** Milliseconds; megabytes. */
const target = 300
const mostMemory = 200
const workers = 2
/** Of these that come before, nothing is counted. */
const warmUpSeconds = 5
const idleTime = 10_000
const patience = 180_000
const logInsAtOnce = 4
/** Of 20 requests. */
const mix: Record<Kind, number> = { search: 8, listing: 5, opening: 5, chats: 2 }

/** Memory of a server that nobody asks, and all users logged in. */
export async function idleFigures(
  { requests, accounts, note }: Surroundings,
  server: Program,
): Promise<{ users: User[]; figures: Figure[] }> {
  await pause(idleTime)
  const fresh = await memoryOf(server)
  const users: User[] = []
  const times: number[] = []
  const before = await processorTime([server.pid])
  const waiting = [...accounts.entries()]
  const logInOnes = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const started = performance.now()
      users[next[0]] = await requests.logIn(next[1], password)
      times.push(performance.now() - started)
    }
  }
  await Promise.all(Array.from({ length: logInsAtOnce }, logInOnes))
  const after = await processorTime([server.pid])
  await pause(idleTime)
  note(`${users.length} users logged in`)
  return {
    users,
    figures: [
      atMost('memory of the server 10 s after its start', fresh, 'MB', mostMemory),
      atMost(`the same, ${users.length} users logged in and nothing asked`, await memoryOf(server), 'MB', mostMemory),
      told(`time of a log-in, ${logInsAtOnce} at once, p50`, median(times), 'ms'),
      told(
        'processor time of a log-in',
        after === null || before === null ? null : (after - before) / times.length,
        'ms',
      ),
    ],
  }
}

/** How much is wanted. */
export interface Load {
  users: readonly User[]
  seconds: number
  perSecond: number
}

/** Without workers, for a third of the time: what a request takes by itself. */
export async function aloneFigures(around: Surroundings, server: Program, load: Load): Promise<Figure[]> {
  const { users, seconds, perSecond } = load
  const send = createLoad(around, users)
  await sendAt(arrivals({ perSecond, seconds: warmUpSeconds, seed: 2 }), send)
  const times = arrivals({ perSecond, seconds: Math.ceil(seconds / 3), seed: 3 })
  const alone = await measured(around, server, () => sendAt(times, send))
  return [
    atMost('errors without workers', alone.errors.length, '', 0),
    told('without workers, p50', median(alone.times), 'ms'),
    told('without workers, p95', percentile(alone.times, 0.95), 'ms'),
    ...processorFigures('without workers, processor time a request', alone),
  ]
}

export async function loadFigures(around: Surroundings, server: Program, load: Load): Promise<Figure[]> {
  const { users, seconds, perSecond } = load
  const { note } = around
  await using others = new AsyncDisposableStack()
  const send = createLoad(around, users)
  const stream = await startWork(around, users, others)
  note(`${workers} workers take in documents; load of the machine ${loadavg()[0].toFixed(1)}`)
  await sendAt(arrivals({ perSecond, seconds: warmUpSeconds, seed: 2 }), send)
  stream.fewest()
  const before = await stream.done()
  const busy = await measured(around, server, () => sendAt(arrivals({ perSecond, seconds, seed: 1 }), send))
  const [fewest, after] = [stream.fewest(), await stream.done()]
  await stream.stop()
  const { times } = busy
  const kindOf = mixed()
  const p95Of = (kind: Kind) =>
    percentile(
      times.filter((_, at) => kindOf(at) === kind),
      0.95,
    )
  const name = `${perSecond} requests a second of ${users.length} users for ${seconds} s`
  return [
    atMost(`${name}, ${workers} workers reading, p95`, percentile(times, 0.95), 'ms', target),
    atMost('errors', busy.errors.length, '', 0),
    told('p50', median(times), 'ms'),
    told('p99', percentile(times, 0.99), 'ms'),
    told('slowest', Math.max(...times), 'ms'),
    ...kinds.map(kind => told(`p95 of ${kind}`, p95Of(kind), 'ms')),
    told('sent too late, p95', percentile(busy.late, 0.95), 'ms'),
    atLeast('documents read meanwhile', after.documents - before.documents, '', 1),
    told('their chunks that words find', after.chunks - before.chunks, ''),
    atLeast('documents that waited or were being read, fewest', fewest, '', workers),
    ...processorFigures('processor time a request', busy),
    told('memory of the server after that', await memoryOf(server), 'MB'),
  ]
}

function processorFigures(name: string, { server, postgres }: Measured): Figure[] {
  return [told(`${name}, server`, server, 'ms'), told(`${name}, Postgres for the server`, postgres, 'ms')]
}

/** Workers, and documents of the users that they never run out of. Returns when something was read. */
export async function startWork(
  { database, folder, url, note, work }: Surroundings,
  users: readonly User[],
  others: AsyncDisposableStack,
): Promise<Stream> {
  for (let at = 0; at < workers; at++) others.use(await work())
  const places = users.map(user => ({ client: clientOf(url, user), projectId: user.projectId }))
  const stream = await streamDocuments({ database, places, folder, note })
  const { chunks } = await stream.done()
  for (const end = performance.now() + patience; (await stream.done()).chunks === chunks; await pause(100))
    if (performance.now() > end) throw new Error('the workers take nothing in')
  return stream
}

/** The `at`th request of the load, by whichever user's turn it is by chance. */
export function createLoad({ requests }: Pick<Surroundings, 'requests'>, users: readonly User[]) {
  const random = createRandom(7)
  const kindOf = mixed()
  return (at: number) => {
    const user = users[Math.floor(random() * users.length)]
    return requests.demand(requestOf(user, kindOf(at), at))
  }
}

/** Which kind the `at`th is: all of the mix in each 20. */
function mixed(): (at: number) => Kind {
  const all = kinds.flatMap(kind => Array<Kind>(mix[kind]).fill(kind))
  // 7 and 20 have no divisor in common.
  return at => all[(at * 7) % all.length]
}

/** Milliseconds; errors are among the times too. */
interface Measured {
  times: number[]
  late: number[]
  errors: string[]
  /** Processor time a request; null where Postgres is on another machine. */
  server: number | null
  postgres: number | null
}

async function measured(
  { database, application, note }: Surroundings,
  { pid }: Program,
  run: () => Promise<Answered<Answer>[]>,
): Promise<Measured> {
  const ofPostgres = async () => processorTime(await backendsOf(database, application))
  const before = [await processorTime([pid]), await ofPostgres()]
  const answered = await run()
  const after = [await processorTime([pid]), await ofPostgres()]
  const [server, postgres] = before.map((from, at) => {
    const to = after[at]
    return from === null || to === null ? null : (to - from) / answered.length
  })
  const errors = answered.flatMap(({ error }) => (error === undefined ? [] : [String(error)]))
  for (const error of new Set(errors)) note(`failed: ${error}`)
  return {
    times: answered.map(({ time }) => time),
    late: answered.map(({ late }) => late),
    errors,
    ...{ server, postgres },
  }
}

/** Megabytes of the process alone. */
async function memoryOf({ pid }: Program): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024
}
