/** A server and its workers are told to stop in the middle of it, and start again: what was under way, what was left to do. */
import { setTimeout as pause } from 'node:timers/promises'
import { atLeast, atMost, type Figure, told } from './figure.ts'
import { arrivals, sendAt } from './load-arrivals.ts'
import type { Program } from './program.ts'
import type { Surroundings } from './users.ts'
import { createLoad, startWork } from './users-load.ts'
import { requestOf, type User } from './users-requests.ts'

/** Seconds. */
const target = 25
const loadSeconds = 5
/** Searches that come at once, just before. */
const together = 40
const patience = 300_000
const heard = ['answered', 'told to come again']

/** The server that runs in the end is another one. */
export async function endFigures(
  around: Surroundings,
  server: Program,
  { users, perSecond }: { users: readonly User[]; perSecond: number },
): Promise<{ figures: Figure[]; server: Program }> {
  const { database, requests, note } = around
  await using others = new AsyncDisposableStack()
  const stream = await startWork(around, users, others)
  const load = createLoad(around, users)
  await sendAt(arrivals({ perSecond, seconds: loadSeconds, seed: 5 }), load)
  await stream.stop()
  const before = await documentsOf(around)
  const outcomes: string[] = []
  const sent = users.slice(0, together).map(async (user, at) => {
    const outcome = await requests.demand(requestOf(user, 'search', at)).then(
      () => heard[0],
      error => (/server-stopping/.test(String(error)) ? heard[1] : String(error)),
    )
    outcomes.push(outcome)
  })
  // The server has nearly all of them by then, and has answered a few: what it had not read yet it tells to come again.
  while (outcomes.length < Math.ceil(together / 10)) await pause(1)
  const underWay = users.slice(0, together).length - outcomes.length
  const started = performance.now()
  const seconds = () => (performance.now() - started) / 1000
  const ends = Promise.all([server.stop().then(seconds), others.disposeAsync().then(seconds)])
  await Promise.all(sent)
  const [serverEnd, workersEnd] = await ends
  for (const outcome of new Set(outcomes)) if (!heard.includes(outcome)) note(`under way: ${outcome}`)
  const left = await unfinishedOf(around)
  note(`${left} documents were left to do`)

  const next = await around.serve()
  await using again = new AsyncDisposableStack()
  for (let at = 0; at < 2; at++) again.use(await around.work())
  for (const end = performance.now() + patience; (await unfinishedOf(around)) > 0; await pause(200))
    if (performance.now() > end) throw new Error(`${await unfinishedOf(around)} documents are not done`)
  const states = await database.query<{ state: string; count: number }>(
    'select state, count(*)::int as count from document group by state',
  )
  note(states.map(({ state, count }) => `${state}: ${count}`).join(', '))
  const ready = states.find(({ state }) => state === 'ready')?.count ?? 0
  return {
    server: next,
    figures: [
      atMost('told to stop under load: the server ends after', serverEnd, 's', target),
      atMost('the workers end after', workersEnd, 's', target),
      told('searches under way by then', underWay, ''),
      told('of those, told to come again', outcomes.filter(outcome => outcome === heard[1]).length, ''),
      atMost('of those, without an answer', outcomes.filter(outcome => !heard.includes(outcome)).length, '', 0),
      atLeast('documents left to do by then', left, '', 1),
      atMost('documents that are not ready after a new start', before - ready, '', 0),
    ],
  }
}

async function documentsOf({ database }: Surroundings): Promise<number> {
  const [{ count }] = await database.query<{ count: number }>('select count(*)::int as count from document')
  return count
}

async function unfinishedOf({ database }: Surroundings): Promise<number> {
  const [{ count }] = await database.query<{ count: number }>(
    `select count(*)::int as count from document where state in ('queued', 'parsing', 'indexing')`,
  )
  return count
}
