/**
 * What an answer of a server costs more when it comes through the gateway: to the first token, and in tokens per second, against a
 * plain `fetch` to the same server, which says 200 pieces at 400 a second. Everything real on our side: the AI SDK, guard, turns,
 * policy, and the gate with its ledger in a database. `--rounds 60` makes another run of it.
 */
import path from 'node:path'
import { v7 } from 'uuid'
import { openSqlite } from '../shared/db/sqlite/index.ts'
import { openEgress } from '../shared/egress/egress.ts'
import { createGateway } from '../shared/gateway/index.ts'
import { createServerModels } from '../shared/gateway/servers.ts'
import type { Scope } from '../shared/model/index.ts'
import { createServers } from '../shared/providers/servers.ts'
import { openStore } from '../shared/store/index.ts'
import { governOutgoing } from '../shared/workspace/outgoing.ts'
import { createProviders } from '../shared/workspace/providers.ts'
import { type FakeServer, openFakeServer } from '../tests/fake-server.ts'
import { noModels } from '../tests/open-core.ts'
import { silent } from '../tests/open-store.ts'
import type { Bench, Figure } from './figure.ts'
import { createTemporaryFolder } from './temporary-folder.ts'

const pieces = Array.from({ length: 200 }, (_, at) => ` Wort${at}`)
const pace = 2.5
const clock = { now: () => Date.now() }
const ids = { next: () => v7() }

interface Run {
  /** Milliseconds. */
  first: number
  tokensPerSecond: number
}

export const bench: Bench = async ({ note, args }) => {
  const rounds = Number(args.includes('--rounds') ? args[args.indexOf('--rounds') + 1] : 60)
  const fake = await openFakeServer()
  fake.reply = () => ({ pieces, pace })
  await using folder = await createTemporaryFolder('gateway')
  const database = await openSqlite({ file: path.join(folder.path, 'cloister.db') })
  const backups = (name: string) => path.join(folder.path, name)
  const store = await openStore({ database, clock, ids, log: silent, backups })
  const egress = openEgress({ clock, ids, log: silent })
  const isLocalOnly = async (of: Scope) => (await store.projects.get(of))?.localOnly !== false
  const outgoing = await governOutgoing({ egress, store, clock, log: silent, isLocalOnly })
  try {
    await store.users.begin('local')
    const scope = store.projects.next('local')
    await store.transaction(scope, tx => store.projects.insert(tx, scope, 'Bench', 'documents'))
    const servers = createServers()
    // Read with the question, before any model is thought of.
    const policy = (await store.projects.get(scope))!
    const configured = [
      { slug: 'fake', kind: 'openai-compatible' as const, name: 'Fake', baseUrl: fake.url, variable: '' },
    ]
    const providers = createProviders({ store, clock, log: silent, secrets: undefined, servers, egress, configured })
    const gateway = createGateway({
      models: noModels,
      log: silent,
      servers: createServerModels({ providers, servers }),
    })
    const through = async (): Promise<Run> => {
      const began = performance.now()
      const turn = (await gateway.turn(scope, { model: 'fake/tiny', policy, waiting() {} }))!
      const { stream } = await turn.chat.model.doStream({
        prompt: [{ role: 'user', content: [{ type: 'text', text: 'x' }] }],
      })
      const run = await timed(began, async function* () {
        for await (const part of stream) if (part.type === 'text-delta') yield part.delta
      })
      turn.end()
      return run
    }
    const [direct, ours]: [Run[], Run[]] = [[], []]
    for (let round = -3; round < rounds; round++) {
      // In turns, so that whatever else the machine does is in both.
      const [one, other] = [await directly(fake), await through()]
      if (round < 0) continue
      direct.push(one)
      ours.push(other)
      if (round % 20 === 19) note(`${round + 1} rounds`)
    }
    return figuresOf(direct, ours)
  } finally {
    await outgoing.close()
    await store.close()
    await database.close()
    await fake.close()
  }
}

async function timed(began: number, read: () => AsyncGenerator<string>): Promise<Run> {
  let first = 0
  let count = 0
  for await (const _ of read()) {
    first ||= performance.now()
    count += 1
  }
  if (count !== pieces.length) throw new Error(`${count} pieces instead of ${pieces.length}`)
  return { first: first - began, tokensPerSecond: (count - 1) / ((performance.now() - first) / 1000) }
}

async function directly({ url }: FakeServer): Promise<Run> {
  const began = performance.now()
  const response = await fetch(`${url}/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'tiny', stream: true, messages: [{ role: 'user', content: 'x' }] }),
  })
  return timed(began, async function* () {
    const decoder = new TextDecoder()
    let rest = ''
    for await (const bytes of response.body ?? []) {
      const events = (rest + decoder.decode(bytes, { stream: true })).split('\n\n')
      rest = events.pop() ?? ''
      for (const event of events) {
        if (!event.startsWith('data: {')) continue
        const { choices } = JSON.parse(event.slice('data: '.length)) as { choices: { delta: { content?: string } }[] }
        const said = choices[0]?.delta.content
        if (said) yield said
      }
    }
  })
}

function figuresOf(direct: readonly Run[], ours: readonly Run[]): Figure[] {
  const share = (values: readonly number[], part: number) =>
    [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * part))]
  const first = (runs: readonly Run[], part: number) =>
    share(
      runs.map(run => run.first),
      part,
    )
  const speed = (runs: readonly Run[]) =>
    share(
      runs.map(run => run.tokensPerSecond),
      0.5,
    )
  const round = (value: number, digits = 2) => Number(value.toFixed(digits))
  const more = first(ours, 0.5) - first(direct, 0.5)
  const ratio = speed(ours) / speed(direct)
  const told = (name: string, value: number, unit: string): Figure => ({
    name,
    value: round(value),
    unit,
    target: null,
    holds: true,
  })
  return [
    told('first token, directly, median', first(direct, 0.5), 'ms'),
    told('first token, directly, p95', first(direct, 0.95), 'ms'),
    told('first token, through the gateway, median', first(ours, 0.5), 'ms'),
    told('first token, through the gateway, p95', first(ours, 0.95), 'ms'),
    { name: 'more to the first token, median', value: round(more), unit: 'ms', target: '≤ 5', holds: more <= 5 },
    told('more to the first token, in quiet moments (p10)', first(ours, 0.1) - first(direct, 0.1), 'ms'),
    told('tokens per second, directly', speed(direct), ''),
    {
      name: 'tokens per second through the gateway, of those',
      value: round(ratio, 3),
      unit: '',
      target: '≥ 0.98',
      holds: ratio >= 0.98,
    },
  ]
}
