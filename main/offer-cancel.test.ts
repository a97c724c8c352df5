import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createTranslate } from '../shared/messages/index.ts'
import { offerCancel } from './offer-cancel.ts'
import type { Question } from './shell.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
afterEach(() => void vi.useRealTimers())

const turn = () => new Promise(resolve => setImmediate(resolve))

function play() {
  const questions: (Question & { answer(button: number): void; fail(): void })[] = []
  const ask = (question: Question) =>
    new Promise<number>((resolve, reject) => {
      questions.push({ ...question, answer: resolve, fail: () => reject(new Error('there is no screen')) })
    })
  const offered = offerCancel({ shell: { ask }, words: createTranslate('en') }, { message: 'Copying' })
  return { questions, offered }
}

test('only its button cancels; what closes the question lets it go on, and it comes again', async () => {
  const { questions, offered } = play()
  expect(questions[0]).toMatchObject({ buttons: ['Go On', 'Cancel'], cancel: 0 })
  expect(questions[0]?.usual ?? 0).toBe(0)
  questions[0]!.answer(questions[0]!.cancel)
  await turn()
  expect([offered.signal.aborted, questions.length]).toEqual([false, 1])
  vi.advanceTimersByTime(5 * 60_000)
  questions[1]!.fail()
  await turn()
  vi.advanceTimersByTime(5 * 60_000)
  questions[2]!.answer(1)
  await turn()
  expect([offered.signal.aborted, questions.length]).toEqual([true, 3])
})

test('once it is over nothing is asked or cancelled any more', async () => {
  const { questions, offered } = play()
  questions[0]!.answer(0)
  await turn()
  offered.over()
  vi.advanceTimersByTime(60 * 60_000)
  expect([questions.length, vi.getTimerCount()]).toEqual([1, 0])
  const later = play()
  later.offered.over()
  later.questions[0]!.answer(1)
  await turn()
  expect(later.offered.signal.aborted).toBe(false)
})
