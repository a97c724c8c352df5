import { expect, test } from 'vitest'
import { runModelKills } from './model-kill.ts'

test('five kills of the model process: no question is lost, the next answer is written again', async () => {
  const { kills, lost, problems } = await runModelKills({ count: 5, note: () => {} })
  expect({ kills, lost, problems }).toEqual({ kills: 5, lost: 0, problems: [] })
}, 60_000)
