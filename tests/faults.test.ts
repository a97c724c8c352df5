/** A sample of what `npm run bench -- faults` does for every call. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createFaults } from './faults/faults.ts'
import { type Ingestion, prepareIngestion } from './faults/ingestion.ts'
import { differences } from './faults/outcome.ts'
import { faultsOf, runFaults } from './faults/sample.ts'

const limit = 240_000

let ingestion: Ingestion
beforeAll(async () => {
  ingestion = await prepareIngestion()
}, limit)
afterAll(() => ingestion.close())

describe('a call of the database or of the store of blobs that fails', () => {
  test(
    'in the middle of an ingestion costs nothing: it is told, or the work goes on, and the same comes out',
    async () => {
      expect(ingestion.calls).toBeGreaterThan(200)
      const faults = faultsOf(ingestion.calls - 50, { step: Math.ceil(ingestion.calls / 12) })
      const { injected, problems } = await runFaults(faults, ingestion.round)
      expect(problems).toEqual([])
      expect(injected).toBeGreaterThanOrEqual(faults.length)
    },
    limit,
  )

  test(
    'while a new data directory is opened is told, and the next start finishes it',
    async () => {
      const faults = faultsOf(ingestion.openingCalls, { step: Math.ceil(ingestion.openingCalls / 4) })
      const { injected, problems } = await runFaults(faults, ingestion.openingRound)
      expect(problems).toEqual([])
      expect(injected).toBeGreaterThanOrEqual(faults.length)
    },
    limit,
  )
})

describe('a clock that jumps', () => {
  const hour = 3_600_000
  test(
    'by an hour or a year, to and fro, in the middle of leases and pauses, changes nothing',
    async () => {
      for (const jump of [hour, -hour, 365 * 24 * hour, -365 * 24 * hour]) {
        expect({ jump, problems: (await ingestion.clockRound(jump)).problems }).toEqual({ jump, problems: [] })
      }
    },
    limit,
  )
})

describe('the means of these tests', () => {
  test('fail the call that was named, before or after it took effect, and spare who watches', async () => {
    const faults = createFaults()
    const done: number[] = []
    const call = (value: number) => faults.call('database', 'test', async () => void done.push(value))
    faults.arm({ call: 2, length: 1, kind: 'full', effect: 'before' })
    await call(1)
    await faults.spare(() => call(2))
    await expect(call(3)).rejects.toMatchObject({ code: 'SQLITE_FULL' })
    await call(4)
    faults.arm({ call: 1, length: 2, kind: 'permission', effect: 'after' })
    await expect(call(5)).rejects.toMatchObject({ code: 'SQLITE_READONLY' })
    await expect(call(6)).rejects.toMatchObject({ code: 'SQLITE_READONLY' })
    await call(7)
    expect(done).toEqual([1, 2, 4, 5, 6, 7])
    expect(faults.failed).toHaveLength(2)
  })

  test('name what one outcome has and the other has not', () => {
    expect(differences(['a', 'b'], ['a', 'b'])).toEqual([])
    expect(differences(['a', 'c'], ['a', 'b'])).toEqual(['missing: b', 'instead: c'])
    expect(differences(['a', 'a'], ['a'])).toEqual(['something is there twice'])
  })
})
