import { afterEach, expect, test, vi } from 'vitest'
import { createTranslate } from '../shared/messages/index.ts'
import type { ServerState } from './processes/server-process.ts'
import type { Question } from './shell.ts'
import { askWhenSlow } from './slow-server.ts'

afterEach(() => void vi.useRealTimers())

const starting = (doing: 'opening' | 'migrating', late: boolean): ServerState => ({
  name: 'starting',
  attempt: 0,
  doing,
  late,
})

function play() {
  const questions: (Question & { answer(button: number): void })[] = []
  const done: string[] = []
  let hear = (_: ServerState) => {}
  askWhenSlow({
    shell: {
      ask: question =>
        new Promise(resolve => {
          questions.push({ ...question, answer: resolve })
          question.signal?.addEventListener('abort', () => resolve(question.cancel))
        }),
    },
    words: () => createTranslate('en'),
    log: { debug() {}, info() {}, warn() {}, error() {} },
    server: {
      follow(next) {
        hear = next
        return () => {}
      },
    },
    again: () => void done.push('again'),
    safely: async () => void done.push('safely'),
    quit: () => void done.push('quit'),
  })
  return { questions, done, become: (state: ServerState) => hear(state) }
}

const turn = () => new Promise(resolve => setImmediate(resolve))

test('what takes its time is no question; what is late is one, of what it is at, and goes when that is over', async () => {
  const { questions, done, become } = play()
  become(starting('opening', false))
  expect(questions).toEqual([])
  become(starting('opening', true))
  expect(questions[0]).toMatchObject({
    message: 'The library takes unusually long to open',
    buttons: ['Wait', 'Try Again', 'Safe Mode', 'Quit'],
    cancel: 0,
  })
  become(starting('migrating', false))
  expect(questions[0]!.signal?.aborted).toBe(true)
  become(starting('migrating', true))
  expect(questions[1]!.detail).toContain('let it finish')
  become({ name: 'ready' })
  await turn()
  expect([questions.length, done]).toEqual([2, []])
})

test('one is asked again after a while of waiting, and never once that is over', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const { questions, done, become } = play()
  become(starting('migrating', true))
  questions[0]!.answer(0)
  await turn()
  vi.advanceTimersByTime(6 * 60_000)
  expect(questions).toHaveLength(2)
  questions[1]!.answer(0)
  await turn()
  become({ name: 'ready' })
  vi.advanceTimersByTime(60 * 60_000)
  expect([questions.length, done]).toEqual([2, []])
})

test('nothing is done but what the user says', async () => {
  const { questions, done, become } = play()
  for (const [index, choice] of ['again', 'safely', 'quit'].entries()) {
    become(starting('opening', true))
    questions.at(-1)!.answer(index + 1)
    await turn()
    expect(done.at(-1)).toBe(choice)
    become({ name: 'ready' })
  }
  become({ name: 'silent' })
  expect(questions.at(-1)!.buttons).toEqual(['Wait', 'Start Anew', 'Quit'])
  questions.at(-1)!.answer(1)
  await turn()
  expect(done).toEqual(['again', 'safely', 'quit', 'again'])
})
