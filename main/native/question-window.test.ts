import { expect, test } from 'vitest'
import { chooseQuestionWindow } from './question-window.ts'

const window = { quick: false, visible: true, focused: false }
const hidden = { ...window, visible: false }
const quick = { quick: true, visible: true, focused: true }

test.each(['win32', 'linux', 'darwin'] as const)('a question stands over a window that is seen, on %s', platform => {
  expect(chooseQuestionWindow([quick, hidden, window], platform)).toEqual({ window, show: false })
  const focused = { ...window, focused: true }
  expect(chooseQuestionWindow([window, focused], platform)).toEqual({ window: focused, show: false })
})

test('a window that nobody sees is shown for it on macOS, and left alone elsewhere', () => {
  expect(chooseQuestionWindow([quick, hidden], 'darwin')).toEqual({ window: hidden, show: true })
  expect(chooseQuestionWindow([quick, hidden], 'win32')).toEqual({ window: undefined, show: false })
})

test('it stands alone where there is no other', () => {
  for (const platform of ['linux', 'darwin'] as const)
    expect(chooseQuestionWindow([quick], platform)).toEqual({ window: undefined, show: false })
})
