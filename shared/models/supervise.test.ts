import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { scriptedChat, tinyEmbedder } from '../../scripts/tiny-models.ts'
import { writeGguf } from '../../scripts/write-gguf.ts'
import type { ChildProcess, Log, Processes } from '../ports.ts'
import { createForkedProcesses } from '../processes/fork.ts'
import type { FromModel, ModelFile, Task, ToModel } from './protocol.ts'
import { createSupervisor, DEFAULT_LIMITS, type Limits, type Supervisor } from './supervise.ts'

const log: Log = { debug() {}, info() {}, warn() {}, error() {} }
const forked = createForkedProcesses({
  entries: { model: fileURLToPath(new URL('./process.ts', import.meta.url)) },
  log,
})
let folder: string
let children: ChildProcess[] = []
const open: Supervisor[] = []

const file = (name: string, role: ModelFile['role']): ModelFile => {
  const at = path.join(folder, `${name}.gguf`)
  return { key: at, path: at, name, role, contextSize: 512 }
}
const endless = () => file('endless', 'chat')
const embedder = () => file('embedder', 'embedding')

function supervise(limits: Partial<Limits> = {}, processes: Processes = forked): Supervisor {
  const supervisor = createSupervisor({
    processes: {
      spawn(role) {
        const child = processes.spawn(role)
        children.push(child)
        return child
      },
    },
    log,
    settings: { threads: 1 },
    limits: { ...DEFAULT_LIMITS, ...limits },
  })
  open.push(supervisor)
  return supervisor
}

const chat = (text: string, maxTokens = 400): Extract<Task, { type: 'chat' }> => ({
  type: 'chat',
  messages: [{ role: 'user', text }],
  sequence: 'answer',
  maxTokens,
  temperature: 0,
  stops: [],
})
const embed = (text: string): Extract<Task, { type: 'embed' }> => ({ type: 'embed', text })

/** An answer that never ends by itself, from its first word on. */
async function answering(supervisor: Supervisor, signal?: AbortSignal) {
  const started = Promise.withResolvers<void>()
  const answer = supervisor.run({ ...endless(), contextSize: 16_000 }, chat('?', 15_000), {
    signal,
    piece: () => started.resolve(),
  })
  const failed = answer.then(
    () => 'it ended',
    error => error.code as string,
  )
  await Promise.race([started.promise, answer])
  return { failed }
}

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'cloister-supervise-'))
  await writeGguf(endless().path, scriptedChat('one two three', { endless: true }))
  await writeGguf(embedder().path, tinyEmbedder())
  await writeFile(file('broken', 'chat').path, 'GGUF, and then nothing')
})
afterEach(async () => {
  await Promise.all(open.splice(0).map(supervisor => supervisor.close()))
  children = []
})
afterAll(() => rm(folder, { recursive: true, force: true }))

test('a crash in the middle of an answer is that answer’s end; the next one works, and what waited was not lost', async () => {
  const supervisor = supervise()
  const { failed } = await answering(supervisor)
  const waiting = supervisor.run(endless(), chat('?', 4))
  process.kill(children[0].pid!, 'SIGKILL')
  expect(await failed).toBe('model-crashed')
  expect(await waiting).toMatchObject({ finish: 'length', usage: { generated: 4 } })
  expect(children).toHaveLength(2)
})

test('a text being embedded while an answer crashes is embedded by the next process', async () => {
  const supervisor = supervise()
  // Loaded before: what is just being loaded when a process ends is to blame for it.
  await supervisor.run(embedder(), embed('Kündigung'))
  const { failed } = await answering(supervisor)
  const vector = supervisor.run(embedder(), embed('Kündigung'))
  process.kill(children[0].pid!, 'SIGKILL')
  expect(await failed).toBe('model-crashed')
  expect((await vector).vector).toHaveLength(64)
})

test('a process that hangs in an answer is killed, and so is one that hangs while idle', async () => {
  const supervisor = supervise({ workTime: 400, pingTime: 100 })
  const { failed } = await answering(supervisor)
  process.kill(children[0].pid!, 'SIGSTOP')
  expect(await failed).toBe('model-timeout')
  await supervisor.run(embedder(), embed('Kündigung'))
  process.kill(children[1].pid!, 'SIGSTOP')
  expect(await children[1].exit).toEqual({ code: null, signal: 'SIGKILL' })
  expect((await supervisor.run(embedder(), embed('Kündigung'))).vector).toHaveLength(64)
})

test('a process that hangs while it starts is killed after the time for loading', async () => {
  const supervisor = supervise({ loadTime: 300, workTime: 100_000 })
  const answer = supervisor.run(endless(), chat('?', 2))
  const failed = expect(answer).rejects.toMatchObject({ code: 'model-timeout' })
  process.kill(children[0].pid!, 'SIGSTOP')
  await children[0].exit
  await vi.waitFor(() => expect(children).toHaveLength(2), 30_000)
  process.kill(children[1].pid!, 'SIGSTOP')
  await failed
})

test('a model that fails again and again rests, longer each time; another one works meanwhile', async () => {
  const supervisor = supervise({ firstRest: 300, longestRest: 600 })
  const crash = async () => {
    const { failed } = await answering(supervisor)
    process.kill(children.at(-1)!.pid!, 'SIGKILL')
    return await failed
  }
  expect(await crash()).toBe('model-crashed')
  expect(await crash()).toBe('model-crashed')
  await expect(supervisor.run(endless(), chat('?', 2))).rejects.toMatchObject({
    code: 'model-unavailable',
    values: { name: 'endless', seconds: 1 },
  })
  expect((await supervisor.run(embedder(), embed('Kündigung'))).vector).toHaveLength(64)
  await vi.waitFor(() => supervisor.run(endless(), chat('?', 2)), { timeout: 30_000, interval: 50 })
  expect(await crash()).toBe('model-crashed')
  // It worked in between: that was its first failure again.
  expect(await supervisor.run(endless(), chat('?', 2))).toMatchObject({ finish: 'length' })
})

test('a process that cannot even start fails what was asked of it', async () => {
  const supervisor = supervise({}, createForkedProcesses({ entries: { model: path.join(folder, 'none.ts') }, log }))
  await expect(supervisor.run(endless(), chat('?', 2))).rejects.toMatchObject({ code: 'model-crashed' })
  expect(children).toHaveLength(2)
})

test('a process that the system refuses fails what was asked, whoever asks for it', async () => {
  let refused = true
  const supervisor = supervise(
    {},
    {
      spawn(role) {
        if (refused) throw new Error('EAGAIN')
        return forked.spawn(role)
      },
    },
  )
  await expect(supervisor.run(endless(), chat('?', 2))).rejects.toMatchObject({ code: 'model-crashed' })
  refused = false
  const { failed } = await answering(supervisor)
  const waiting = supervisor.run(embedder(), embed('Kündigung'))
  refused = true
  // Now it is the end of a process that asks for the next one.
  process.kill(children[0].pid!, 'SIGKILL')
  expect(await failed).toBe('model-crashed')
  await expect(waiting).rejects.toMatchObject({ code: 'model-crashed' })
})

test.skipIf(process.platform === 'win32')(
  'what a terminal sends to its whole group leaves the process alone',
  async () => {
    const supervisor = supervise()
    const { failed } = await answering(supervisor)
    process.kill(children[0].pid!, 'SIGINT')
    process.kill(children[0].pid!, 'SIGHUP')
    await supervisor.run(embedder(), embed('Kündigung'))
    expect(await Promise.race([failed, 'going on'])).toBe('going on')
    expect(children).toHaveLength(1)
  },
)

test('a broken file is refused, and the process lives on', async () => {
  const supervisor = supervise()
  await expect(supervisor.run(file('broken', 'chat'), chat('?'))).rejects.toMatchObject({ code: 'model-invalid' })
  expect(await supervisor.run(endless(), chat('?', 3))).toMatchObject({ usage: { generated: 3 } })
  expect(children).toHaveLength(1)
})

test('a stop is heard at once, in the queue too, and the next answer begins', async () => {
  const supervisor = supervise()
  const [first, second] = [new AbortController(), new AbortController()]
  const { failed } = await answering(supervisor, first.signal)
  const queued = supervisor.run(endless(), chat('?', 4), { signal: second.signal })
  second.abort()
  await expect(queued).rejects.toMatchObject({ code: 'cancelled' })
  const stopped = performance.now()
  first.abort()
  expect(await failed).toBe('cancelled')
  expect(await supervisor.run(endless(), chat('?', 1))).toMatchObject({ usage: { generated: 1 } })
  expect(performance.now() - stopped).toBeLessThan(10_000)
  expect(children).toHaveLength(1)
})

test('a stop acts in the middle of a long prompt', async () => {
  const supervisor = supervise()
  const long = { ...endless(), contextSize: 16_000 }
  await supervisor.run(long, chat('?', 1))
  // What was read until then is kept: it can only be a part. How long the model reads depends on the machine.
  for (let round = 0, after = 60; ; round++) {
    expect(round, 'the stop was always too early or too late').toBeLessThan(20)
    const stop = new AbortController()
    const prompt = `${round} ${'word '.repeat(3_000)}`
    const answer = supervisor.run(long, chat(prompt, 1), { signal: stop.signal })
    const timer = setTimeout(() => stop.abort(), after)
    const code = await answer.then(
      () => 'read',
      error => error.code,
    )
    clearTimeout(timer)
    expect(['read', 'cancelled']).toContain(code)
    const { usage } = await supervisor.run(long, chat(prompt, 1))
    expect(usage.prompt).toBeGreaterThan(14_000)
    if (code === 'cancelled' && usage.cached > 64 && usage.cached < usage.prompt - 64) break
    after *= code === 'read' ? 0.4 : 1.5
  }
})

test('a model without work is unloaded, and its process ends with the last one', async () => {
  const supervisor = supervise({ idleTime: 150 })
  await supervisor.run(embedder(), embed('Kündigung'))
  await children[0].exit
  expect((await supervisor.run(embedder(), embed('Kündigung'))).vector).toHaveLength(64)
  expect(children).toHaveLength(2)
})

test('closing ends everything at once', async () => {
  const supervisor = supervise()
  const { failed } = await answering(supervisor)
  const waiting = expect(supervisor.run(endless(), chat('?'))).rejects.toMatchObject({ code: 'cancelled' })
  await supervisor.close()
  expect(await failed).toBe('cancelled')
  await waiting
  expect(await children[0].exit).toMatchObject({ signal: 'SIGKILL' })
  await expect(supervisor.run(endless(), chat('?'))).rejects.toMatchObject({ code: 'cancelled' })
})

describe('with a process that says what a test tells it', () => {
  /** Everything it was sent, and what it says. */
  function scripted() {
    const made: { sent: ToModel[]; read: boolean; say(message: FromModel): void; end(): void }[] = []
    const processes: Processes = {
      spawn() {
        const sent: ToModel[] = []
        const exit = Promise.withResolvers<{ code: number | null; signal: string | null }>()
        const queue: FromModel[] = []
        let wake = Promise.withResolvers<void>()
        let over = false
        async function* messages() {
          for (;;) {
            const message = queue.shift()
            if (message) yield message
            else if (over) {
              made[at].read = true
              return
            } else {
              await wake.promise
              wake = Promise.withResolvers()
            }
          }
        }
        const at = made.length
        const end = () => {
          over = true
          wake.resolve()
          exit.resolve({ code: null, signal: 'SIGKILL' })
        }
        made.push({
          sent,
          read: false,
          end,
          say(message) {
            queue.push(message)
            wake.resolve()
          },
        })
        return {
          pid: undefined,
          send: async message => void sent.push(message as ToModel),
          messages: messages(),
          kill: end,
          exit: exit.promise,
        }
      },
    }
    return { made, processes }
  }
  const runs = (sent: readonly ToModel[]) => sent.filter(message => message.type === 'run')

  test('an answer that began is not begun again when loading another model ends the process', async () => {
    const { made, processes } = scripted()
    const supervisor = supervise({}, processes)
    const pieces: string[] = []
    const answer = supervisor.run(endless(), chat('?'), { piece: (_, text) => pieces.push(text) })
    const vector = supervisor.run(embedder(), embed('Kündigung'))
    const [first] = made
    const [{ id }] = runs(first.sent)
    first.say({ type: 'loaded', key: endless().key })
    first.say({ type: 'piece', id, kind: 'text', text: 'one' })
    first.say({ type: 'loading', key: embedder().key })
    await vi.waitFor(() => expect(pieces).toEqual(['one']), 30_000)
    const failed = Promise.allSettled([answer, vector])
    first.end()
    expect(await failed).toMatchObject([
      { reason: { code: 'model-crashed', values: { name: 'endless' } } },
      { reason: { code: 'model-crashed', values: { name: 'embedder' } } },
    ])
    // The answer was not to blame: it may fail once more before it rests.
    const again = supervisor.run(endless(), chat('?'))
    made[1].say({ type: 'done', id: runs(made[1].sent)[0].id, result: { finish: 'stop', usage } })
    expect(await again).toMatchObject({ finish: 'stop' })
  })

  test('what the process had not begun is given to the next one, once', async () => {
    const { made, processes } = scripted()
    const supervisor = supervise({}, processes)
    const answer = supervisor.run(endless(), chat('?'))
    const failed = expect(answer).rejects.toMatchObject({ code: 'model-crashed' })
    made[0].end()
    await vi.waitFor(() => expect(made).toHaveLength(2), 30_000)
    expect(runs(made[1].sent)).toEqual(runs(made[0].sent))
    made[1].end()
    await failed
    expect(made).toHaveLength(2)
  })

  test('a process that ends with what was called off is no failure of the model', async () => {
    const { made, processes } = scripted()
    const supervisor = supervise({}, processes)
    for (const round of [0, 1, 2]) {
      const stop = new AbortController()
      const pieces: string[] = []
      const answer = supervisor.run(endless(), chat('?'), {
        signal: stop.signal,
        piece: (_, text) => pieces.push(text),
      })
      const stopped = expect(answer).rejects.toMatchObject({ code: 'cancelled' })
      made[round].say({ type: 'piece', id: runs(made[round].sent)[0].id, kind: 'text', text: 'one' })
      await vi.waitFor(() => expect(pieces).toEqual(['one']), 30_000)
      stop.abort()
      await stopped
      made[round].end()
      await vi.waitFor(() => expect(made[round].read).toBe(true), 30_000)
    }
    const answer = supervisor.run(endless(), chat('?'))
    made[3].say({ type: 'done', id: runs(made[3].sent)[0].id, result: { finish: 'stop', usage } })
    expect(await answer).toMatchObject({ finish: 'stop' })
  })

  test('at most as much is given out as can be done at once', async () => {
    const { made, processes } = scripted()
    const supervisor = supervise({}, processes)
    const all = [1, 2, 3].map(number => supervisor.run(endless(), chat(String(number))))
    const ended = Promise.allSettled(all)
    expect(runs(made[0].sent)).toHaveLength(1)
    made[0].say({ type: 'done', id: runs(made[0].sent)[0].id, result: { finish: 'stop', usage } })
    await all[0]
    expect(runs(made[0].sent).map(({ task }) => task.type === 'chat' && task.messages[0].text)).toEqual(['1', '2'])
    await supervisor.close()
    expect(await ended).toMatchObject([{}, { reason: { code: 'cancelled' } }, { reason: { code: 'cancelled' } }])
  })

  const usage = { prompt: 1, cached: 0, generated: 1, reasoning: 0 }
})
