import { expect, test } from 'vitest'
import { memoryFree, memoryNeeded, type Readings } from './memory.ts'

test('keys and values of Qwen3 0.6B take 112 KiB a token', () => {
  const shape = { weights: 639_000_000, layers: 28, keyWidth: 1024, valueWidth: 1024, contexts: 1 }
  const [empty, full] = [0, 4096].map(tokens => memoryNeeded({ ...shape, tokens }))
  expect(full - empty).toBe(4096 * 112 * 1024)
  expect(empty).toBeGreaterThan(639_000_000)
  expect(empty).toBeLessThan(900_000_000)
})

const gigabyte = 1024 ** 3
const weights = (count: number) => ({ weights: count * gigabyte, all: (count + 1) * gigabyte })
const none = { weights: 0, all: 0 }
const four = weights(4)
const reserve = 128 * 1024 ** 2
function machine(files: Record<string, string>, more: Partial<Readings> = {}): Readings {
  const file = async (name: string) => {
    if (name in files) return files[name]!
    throw new Error('ENOENT')
  }
  return { platform: 'linux', total: 16 * gigabyte, free: 10 * gigabyte, file, ...more }
}

test('what is free is what the system says, less a reserve and what was granted to others', async () => {
  expect(await memoryFree(none, machine({}))).toBe(10 * gigabyte - reserve)
  expect(await memoryFree(four, machine({}))).toBe(6 * gigabyte - reserve)
  expect(await memoryFree(weights(11), machine({}))).toBe(0)
  expect(await memoryFree(four, machine({}, { platform: 'darwin', free: 1 }))).toBe(7 * gigabyte - reserve)
})

test('the limit of a container counts, and pages of files in it only where they are no loaded weights', async () => {
  const second = {
    'memory.max': `${4 * gigabyte}\n`,
    'memory.current': `${3 * gigabyte}\n`,
    'memory.stat': `anon ${gigabyte}\nfile ${2 * gigabyte}\nfile_mapped 5\n`,
  }
  expect(await memoryFree(none, machine(second))).toBe(3 * gigabyte - reserve)
  expect(await memoryFree(weights(2), machine(second))).toBe(gigabyte - reserve)
  expect(await memoryFree(none, machine({ ...second, 'memory.max': 'max\n' }))).toBe(10 * gigabyte - reserve)
  const first = {
    'memory/memory.limit_in_bytes': `${2 * gigabyte}\n`,
    'memory/memory.usage_in_bytes': `${gigabyte}\n`,
    'memory/memory.stat': `cache 7\ntotal_cache ${gigabyte / 2}\n`,
  }
  expect(await memoryFree(none, machine(first))).toBe(1.5 * gigabyte - reserve)
})

test('this machine has memory to give', async () => {
  expect(await memoryFree(none)).toBeGreaterThan(0)
})
