import { expect, it } from 'vitest'
import { createToasts } from './toasts.ts'

const undo = { label: 'Undo', run() {} }
const texts = (toasts: ReturnType<typeof createToasts>) => toasts.list.get().map(({ text }) => text)

it('says of one thing only what was said of it last', () => {
  const toasts = createToasts()
  toasts.show('a is in the trash', undo, 'a')
  toasts.show('b is in the trash', undo, 'b')
  toasts.show('a is back', null, 'a')
  toasts.show('something else')
  toasts.show('something else')
  expect(texts(toasts)).toEqual(['a is back', 'something else', 'something else'])
  toasts.drop('a')
  expect(texts(toasts)).toEqual(['something else', 'something else'])
  toasts.clear()
  expect(texts(toasts)).toEqual([])
})

it('takes away what could be undone when the next thing is done with it', () => {
  const toasts = createToasts()
  toasts.show('a is in the trash', undo, 'a')
  toasts.show('b is in the trash', undo, 'b')
  toasts.drop('a')
  expect(texts(toasts)).toEqual(['b is in the trash'])
})
