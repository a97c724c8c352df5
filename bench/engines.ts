/**
 * The question sets of the evaluation directory on both engines: how many questions come out otherwise on Postgres than on
 * SQLite, each told with what differs. By words, as `eval` measures by itself; and by words and vectors, for which an
 * embedder is in this process (a model in its own may be late on a busy machine, and chunks then follow an estimate). Its
 * vectors say little of what a real one would find, but many stand close together, which is where precision would show.
 * `--set NAME` takes one set alone, `--mode words` or `hybrid` one way.
 */
import { existsSync } from 'node:fs'
import path from 'node:path'
import { type Evaluated, evaluate, filesOf, measure, readSet, withModels } from '../server/commands/eval.ts'
import { openParsers } from '../server/compose.ts'
import { readConfig } from '../server/config.ts'
import type { QuestionSet } from '../shared/eval/sets.ts'
import type { Log } from '../shared/ports.ts'
import { openTestCore } from '../tests/open-core.ts'
import { postgres, sqlite, type TestEngine } from '../tests/postgres.ts'
import { createWordEmbedder, embeddersOf } from '../tests/word-embedder.ts'
import { differencesOf } from './differences.ts'
import { evalDirectory } from './eval-directory.ts'
import { atMost, type Bench, type Figure, Missing, told } from './figure.ts'
import { createOwnDatabase } from './own-database.ts'

const sets = ['xquad-dev.de', 'xquad-dev.en', 'golden-dev']
const modes = ['words', 'hybrid'] as const
const most = 0.01

export const bench: Bench = async ({ note, args }) => {
  const folder = evalDirectory()
  if (folder === undefined) throw new Missing('EVAL_DIR must name the folder of the question sets')
  const chosen = (option: string) => (args.includes(option) ? args[args.indexOf(option) + 1] : undefined)
  const figures: Figure[] = []
  for (const mode of modes.filter(mode => mode === (chosen('--mode') ?? mode))) {
    let asked = 0
    let different = 0
    for (const name of sets.filter(set => set === (chosen('--set') ?? set))) {
      const file = path.join(folder, `${name}.json`)
      if (!existsSync(file)) {
        note(`${file} is not there`)
        continue
      }
      const set = await readSet(file)
      const [first, second] = mode === 'words' ? await byWords(file, set, note) : await byBoth(file, set, note)
      const differences = differencesOf(first, second)
      for (const { id, what } of differences) note(`${name}, ${mode}, ${id}: ${what.join('; ')}`)
      const questions = first.cases.length
      figures.push(told(`${name}, ${mode}: of ${questions} questions differ`, differences.length, ''))
      asked += questions
      different += differences.length
    }
    figures.push(atMost(`${mode}: questions that differ, share`, asked === 0 ? null : different / asked, '', most))
  }
  return figures
}

/** As the command does it. */
async function byWords(file: string, set: QuestionSet, note: (line: string) => void): Promise<[Evaluated, Evaluated]> {
  const log = logTo(note)
  const run = (environment: Record<string, string>) =>
    evaluate(file, set, { config: withModels(readConfig({ environment }), []), log, mode: 'words' })
  const first = await run({})
  await using database = await createOwnDatabase('engines')
  return [first, await run({ DATABASE_URL: database.url })]
}

async function byBoth(file: string, set: QuestionSet, note: (line: string) => void): Promise<[Evaluated, Evaluated]> {
  const files = await filesOf(file, set)
  const log = logTo(note)
  async function run(engine: TestEngine): Promise<Evaluated> {
    const models = embeddersOf([createWordEmbedder({ dimensions: 384 })])
    const test = await openTestCore(openParsers(readConfig({ environment: {} }), log), { engine, log, models })
    try {
      test.core.start()
      return await measure(test.core, test.scope, { set, files, mode: 'hybrid' })
    } finally {
      await test.close()
    }
  }
  return [await run(sqlite), await run(postgres)]
}

function logTo(note: (line: string) => void): Log {
  const warn = (message: string, fields: object = {}) =>
    note([message, ...('error' in fields ? [String(fields.error)] : [])].join(': '))
  return { debug() {}, info() {}, warn, error: warn }
}
