import { expect, test } from 'vitest'
import { runKills } from './kill.ts'
import { createTemporaryFolder } from './temporary-folder.ts'
import { writeManual } from './write-manual.ts'

const count = 5

test('after kill -9 of the whole process tree the next start finishes by itself, once and equal', async () => {
  await using folder = await createTemporaryFolder('kill')
  const notes: string[] = []
  const note = (line: string) => void notes.push(line)
  const manuals = await Promise.all([48, 32].map(pages => writeManual(folder.path, pages)))
  const { rounds } = await runKills({ count, manuals, folder: folder.path, note })
  expect(rounds).toHaveLength(count)
  // What was going on stands in the notes, should it fail.
  expect(
    rounds.flatMap(round => round.problems),
    notes.join('\n'),
  ).toEqual([])
}, 300_000)
