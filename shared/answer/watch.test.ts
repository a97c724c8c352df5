import { afterEach, expect, it } from 'vitest'
import { silent } from '../../tests/open-store.ts'
import type { AnswerRun, Store } from '../store/index.ts'
import { createWatch } from './watch.ts'

const times = { look: 10, lease: 400 }
let watch: ReturnType<typeof createWatch> | undefined
afterEach(() => watch?.stop())

it('takes nobody for dead who gives no sign of life while the database is out of reach', async () => {
  let beat = 1
  let looks = 0
  let away = false
  let beats = false
  const claimed: number[] = []
  const answers = {
    async open() {
      if (away) throw new Error('out of reach')
      looks += 1
      if (beats) beat += 1
      return [{ id: 'run', server: 'other', beat } as AnswerRun]
    },
    async claim(run: AnswerRun) {
      claimed.push(run.beat)
      return false
    },
  }
  const store = { answers } as unknown as Store
  const deps = { store, clock: { now: () => 0 }, server: 'own', log: silent, alone: false }
  watch = createWatch({ ...deps, isOurs: () => false, ended: () => {}, times })
  const until = (condition: () => boolean) => expect.poll(condition, { timeout: 20_000, interval: 5 }).toBe(true)
  watch.start()
  await until(() => looks >= 2)
  away = true
  const gone = performance.now()
  await until(() => performance.now() - gone > 2 * times.lease)
  looks = 0
  away = false
  // It had no time to write since the database is back.
  await until(() => looks >= 3)
  beats = true
  await until(() => looks >= 10)
  expect(claimed).toEqual([])
  beats = false
  const last = beat
  await until(() => claimed.length > 0)
  expect(claimed[0]).toBe(last)
}, 60_000)
