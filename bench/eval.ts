/** The question sets of the evaluation directory against the figures they have to reach. */
import { existsSync } from 'node:fs'
import path from 'node:path'
import { type Evaluated, evaluate, readSet, withModels } from '../server/commands/eval.ts'
import { readConfig } from '../server/config.ts'
import type { Row } from '../shared/eval/figures.ts'
import type { GoldenCase } from '../shared/eval/golden.ts'
import type { SquadCase } from '../shared/eval/squad.ts'
import { evalDirectory } from './eval-directory.ts'
import { atLeast, atMost, type Bench, type Figure, told } from './figure.ts'

const targets = {
  de: { recall1: 0.9, recall5: 0.985, quote1: 0.66, quote3: 0.84 },
  en: { recall1: 0.93, recall5: 0.99, quote1: 0.73, quote3: 0.89 },
}
const declined = 0.6
const falselyDeclined = 0.05

export const bench: Bench = async ({ note }) => {
  const folder = evalDirectory()
  if (folder === undefined) {
    note('EVAL_DIR names no folder: there is nothing to measure')
    return []
  }
  const figures: Figure[] = []
  for (const lang of ['de', 'en'] as const) {
    const result = await measure(path.join(folder, `xquad-dev.${lang}.json`), note)
    if (result?.format === 'squad') figures.push(...squadFigures(lang, result.rows[0], result.cases))
  }
  const golden = await measure(path.join(folder, 'golden-dev.json'), note)
  if (golden?.format === 'golden') figures.push(...goldenFigures(golden.cases))
  return figures
}

async function measure(file: string, note: (line: string) => void): Promise<Evaluated | undefined> {
  if (!existsSync(file)) {
    note(`${file} is not there`)
    return undefined
  }
  note(path.basename(file))
  const warn = (message: string) => note(message)
  const log = { debug() {}, info() {}, warn, error: warn }
  return evaluate(file, await readSet(file), { config: withModels(readConfig(), []), log, mode: 'words' })
}

function squadFigures(lang: 'de' | 'en', row: Row, cases: readonly SquadCase[]): Figure[] {
  const name = (figure: string) => `xquad-dev ${lang}, ${figure}`
  return [
    atLeast(name('R@1'), row.recall1, '', targets[lang].recall1),
    atLeast(name('R@5'), row.recall5, '', targets[lang].recall5),
    told(name('MRR@10'), row.mrr10, ''),
    atLeast(name('answer in the first quote'), row.quote1, '', targets[lang].quote1),
    atLeast(name('answer in the first three quotes'), row.quote3, '', targets[lang].quote3),
    atLeast(name('quotes literal'), row.quotesLiteral, '', 1),
    atLeast(name('declined without the paragraph'), row.declined, '', declined),
    atMost(name('declined with it'), row.falselyDeclined, '', falselyDeclined),
    ...[0.01, 0.02, 0.05, 0.1].map(falsely => told(name(`declined at ${falsely} falsely`), curve(cases, falsely), '')),
  ]
}

/** The share declined at the threshold that declines this share of the answerable ones. */
function curve(cases: readonly SquadCase[], falsely: number): number {
  const sorted = cases.map(({ evidence }) => evidence).sort((a, b) => a - b)
  const threshold = sorted[Math.floor(sorted.length * falsely)]
  return cases.filter(({ evidenceWithout }) => evidenceWithout < threshold).length / cases.length
}

function goldenFigures(cases: readonly GoldenCase[]): Figure[] {
  const answerable = cases.filter(({ question }) => question.answerable)
  const [across, within] = [true, false].map(other =>
    answerable.filter(({ question }) => (question.kind === 'crosslang') === other),
  )
  const pages = (list: readonly GoldenCase[]) =>
    share(list.map(({ outcome }) => outcome.pageRank !== undefined && outcome.pageRank >= 1 && outcome.pageRank <= 5))
  const name = (figure: string) => `golden-dev, ${figure}`
  return [
    atLeast(name('page among five passages, same language'), pages(within), '', 0.9),
    told(name('page among five passages, other language'), pages(across), ''),
    atLeast(name('quotes literal'), share(cases.flatMap(({ outcome }) => outcome.literal ?? [])), '', 1),
    atLeast(name('rectangles right'), share(cases.flatMap(({ outcome }) => outcome.rects ?? [])), '', 0.95),
    told(name('declined'), share(cases.flatMap(({ outcome }) => outcome.declined ?? [])), ''),
    told(
      name('falsely declined, same language'),
      share(within.map(({ outcome }) => outcome.falselyDeclined === true)),
      '',
    ),
  ]
}

function share(holds: readonly boolean[]): number | null {
  return holds.length === 0 ? null : holds.filter(Boolean).length / holds.length
}
