import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { scriptedChat, tinyEmbedder } from '../../scripts/tiny-models.ts'
import { writeGguf } from '../../scripts/write-gguf.ts'
import { AppError } from '../errors.ts'
import type { ModelRole } from '../model/index.ts'
import type { Control } from './chat.ts'
import { createEngine } from './engine.ts'
import type { Granted } from './memory.ts'
import type { ModelFile, Task } from './protocol.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'cloister-engine-'))
  await writeGguf(at('old'), scriptedChat('one two three', { endless: true }))
  await writeGguf(at('new'), scriptedChat('four'))
  await writeGguf(at('embedder'), tinyEmbedder())
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const at = (name: string) => path.join(folder, `${name}.gguf`)
const file = (name: string, role: ModelRole): ModelFile => ({
  key: name,
  path: at(name),
  name,
  role,
  contextSize: 4096,
})
const chat: Task = {
  type: 'chat',
  messages: [{ role: 'user', text: '?' }],
  sequence: 'answer',
  maxTokens: 4000,
  temperature: 0,
  stops: [],
}
const idle: Control = { check() {}, progress() {}, piece() {} }

test('what is loaded is counted, and one whose place was taken is unloaded when its last user ends', async () => {
  const seen: Granted[] = []
  const gigabyte = 1024 ** 3
  const engine = createEngine({ threads: 1 }, { loading() {}, loaded() {}, note() {} }, async granted => {
    seen.push(granted)
    return gigabyte
  })
  const [old, fresh] = await Promise.all(['old', 'new'].map(async name => (await stat(at(name))).size))

  const begun = Promise.withResolvers<void>()
  let stopped = false
  const answer = engine.run(file('old', 'chat'), chat, {
    check() {
      if (stopped) throw new AppError('cancelled')
    },
    progress() {},
    piece: () => begun.resolve(),
  })
  await begun.promise
  await engine.run(file('new', 'chat'), chat, idle)
  stopped = true
  await expect(answer).rejects.toMatchObject({ code: 'cancelled' })
  await engine.run(file('embedder', 'embedding'), { type: 'embed', text: 'Frist' }, idle)

  expect(seen.map(({ weights }) => weights)).toEqual([0, old, fresh])
  expect(seen[2]!.all).toBeGreaterThan(fresh)
  for (const key of ['new', 'embedder']) await engine.unload(key)
  await engine.run(file('embedder', 'embedding'), { type: 'embed', text: 'Frist' }, idle)
  expect(seen[3]).toEqual({ weights: 0, all: 0 })
  await engine.unload('embedder')
})

test('two who ask at once, for answers and side tasks, share one copy', async () => {
  const loads: string[] = []
  const granted: (Granted | undefined)[] = []
  const events = {
    loading() {},
    loaded(key: string, takes?: Granted) {
      loads.push(key)
      granted.push(takes)
    },
    note() {},
  }
  const engine = createEngine({ threads: 1 }, events, async () => 1024 ** 3)
  const short = { ...chat, maxTokens: 3 } as const
  const tasks: Task[] = [short, { ...short, sequence: 'rewrite' }, short, { ...short, sequence: 'rewrite' }]
  await Promise.all(tasks.map(task => engine.run(file('new', 'chat'), task, idle)))
  expect(loads).toEqual(['new'])
  expect(granted[0]!.all).toBeGreaterThan(granted[0]!.weights)
  // Asked for while it is being given back: the old copy is gone before the new one is read.
  const leaving = engine.unload('new')
  await Promise.all([leaving, engine.run(file('new', 'chat'), short, idle)])
  expect(loads).toEqual(['new', 'new'])
  await engine.unload('new')
})

test('what failed to load takes nothing', async () => {
  const granted: (Granted | undefined)[] = []
  const events = { loading() {}, loaded: (_: string, takes?: Granted) => void granted.push(takes), note() {} }
  const engine = createEngine({ threads: 1 }, events, async () => 1024)
  const refused = engine.run(file('new', 'chat'), chat, idle)
  await expect(refused).rejects.toMatchObject({ code: 'model-memory', values: { free: 1 } })
  expect(granted).toEqual([undefined])
})
