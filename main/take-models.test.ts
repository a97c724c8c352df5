import { expect, test } from 'vitest'
import type { ModelsTaking } from '../shared/api/desktop.ts'
import { createTranslate } from '../shared/messages/index.ts'
import type { ChildProcess } from '../shared/ports.ts'
import { createInbox } from '../shared/processes/inbox.ts'
import { until } from '../tests/until.ts'
import { createLibraryUse } from './library-use.ts'
import { createModelTaking } from './take-models.ts'

/** A process that ends when it is told to, or with `fail`. */
function play() {
  const inbox = createInbox()
  const exit = Promise.withResolvers<Awaited<ChildProcess['exit']>>()
  const end = () => {
    inbox.end()
    exit.resolve({ code: 0, signal: null })
  }
  const child: ChildProcess = {
    pid: 1,
    messages: inbox.messages,
    exit: exit.promise,
    async send(message) {
      if (message instanceof Object && 'type' in message && message.type === 'stop') end()
    },
    kill: end,
  }
  const fail = () => {
    inbox.deliver({ type: 'failed', code: 'internal', values: {} })
    end()
  }
  return { child, fail }
}

test('whoever reads late what became of one taking ends nothing of the next, which can be stopped', async () => {
  const words = createTranslate('de')
  const played: ReturnType<typeof play>[] = []
  const asked: { message: string; read(): void }[] = []
  const shown: ModelsTaking[] = []
  const models = createModelTaking({
    shell: {
      chooseFolder: async () => '/stick',
      ask: ({ message }) => new Promise(resolve => void asked.push({ message, read: () => resolve(0) })),
    },
    words: () => words,
    processes: {
      spawn() {
        const one = play()
        played.push(one)
        return one.child
      },
    },
    use: createLibraryUse({ server: { hold: () => () => {}, stop: async () => {} }, changed() {} }),
    library: { dataDirectory: '/library', settings: () => ({}) },
    changed: now => void shown.push(now),
  })
  const first = models.take()
  await until(() => played.length === 1, 'it has begun')
  played[0]!.fail()
  await until(() => asked.length === 1, 'it is told')
  const second = models.take()
  await until(() => played.length === 2, 'the next has begun')
  asked[0]!.read()
  await first
  expect([models.now(), shown.at(-1)]).toEqual([
    { file: 'stick', part: 0 },
    { file: 'stick', part: 0 },
  ])
  models.stop()
  await second
  expect([models.now(), asked.map(({ message }) => message)]).toEqual([null, [words('desktop.models.failed')]])
})
