import { expect, test } from 'vitest'
import { memoryFree, memoryNeeded } from './memory.ts'

test('keys and values of Qwen3 0.6B take 112 KiB a token', () => {
  const shape = { weights: 639_000_000, layers: 28, keyWidth: 1024, valueWidth: 1024, contexts: 1 }
  const [none, full] = [0, 4096].map(tokens => memoryNeeded({ ...shape, tokens }))
  expect(full - none).toBe(4096 * 112 * 1024)
  expect(none).toBeGreaterThan(639_000_000)
  expect(none).toBeLessThan(900_000_000)
})

test('what is free is less than all there is', async () => {
  expect(await memoryFree()).toBeGreaterThan(0)
  expect(await memoryFree()).toBeLessThan(2 ** 44)
})
