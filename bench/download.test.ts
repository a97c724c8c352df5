import { expect, test } from 'vitest'
import { runDownloads } from './download.ts'

test('of 50 faults none makes a wrong file, and none keeps the right one from arriving', async () => {
  const { faults, downloads, arrived, wrong, twice, kills, problems } = await runDownloads({
    count: 50,
    seed: 7,
    note() {},
  })
  expect(problems).toEqual([])
  expect({ wrong, arrived }).toEqual({ wrong: 0, arrived: downloads })
  expect(faults).toBeGreaterThanOrEqual(50)
  expect(kills).toBeGreaterThan(0)
  expect(twice).toBeLessThanOrEqual(8 * 1024 * 1024)
}, 300_000)
