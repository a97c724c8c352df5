import { expect, test } from 'vitest'
import { figuresOf } from './days.ts'

test('days without use stand between the others', () => {
  const at = (text: string) => Date.parse(`${text}T00:00:00Z`)
  const none = { users: 0, questions: 0, files: 0, bytes: 0, tokens: 0 }
  const days = [
    { ...none, at: at('2026-03-02'), questions: 7 },
    { ...none, at: at('2026-02-27'), questions: 3, bytes: 12 },
    { ...none, at: at('2026-01-01'), questions: 99 },
  ]
  const now = Date.parse('2026-03-02T23:59:00Z')
  expect(figuresOf(days, 'questions', { now, count: 4 })).toEqual([
    { at: at('2026-02-27'), value: 3 },
    { at: at('2026-02-28'), value: 0 },
    { at: at('2026-03-01'), value: 0 },
    { at: at('2026-03-02'), value: 7 },
  ])
  expect(figuresOf(days, 'bytes', { now, count: 4 })[0]?.value).toBe(12)
  expect(figuresOf([], 'users', { now, count: 30 })).toHaveLength(30)
})
