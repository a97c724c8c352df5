import type { Citation, Passage } from '../model/index.ts'
import { type Outcome, type Row, stretchRank, toRow } from './figures.ts'
import { judgeRectangles, spelledBy } from './rectangles.ts'
import type { GoldenQuestion, GoldenSet } from './sets.ts'
import { type Asked, askLast, askWritten, demandReady, type RunOptions, type Subject, spread } from './subject.ts'
import { isLiteral, type WitnessPage } from './witness.ts'

export interface GoldenFile {
  name: string
  open: () => AsyncIterable<Uint8Array>
  /** The independent reader's pages; undefined where there is none. */
  witness: WitnessPage[] | undefined
}

/** What was seen of one question, for whoever looks into the misses. */
export interface GoldenCase extends Asked {
  question: GoldenQuestion
  outcome: Outcome
  quotes: Citation[]
}

/**
 * Measures a golden set over its files. A question that follows another one is asked in a chat in which that one (and
 * what it follows) was asked just before. Without a witness quotes are held against the product's own pages, and
 * rectangles are not judged.
 */
export async function runGolden(
  subject: Subject,
  set: GoldenSet,
  files: readonly GoldenFile[],
  { answers = 0, progress = () => {}, signal }: RunOptions = {},
): Promise<{ rows: Row[]; cases: GoldenCase[] }> {
  const witnesses = new Map<string, WitnessPage[] | undefined>()
  for (const { name, open, witness } of files) {
    signal?.throwIfAborted()
    const { id } = await subject.add({ name, path: name, open })
    witnesses.set(id, witness)
  }
  await subject.settled()
  for (const id of witnesses.keys()) await demandReady(subject, id)

  const questions = new Map(set.questions.map(question => [question.id, question]))
  const answerable = set.questions.filter(question => question.answerable)
  const wanted = spread(answerable.length, answers)
  const toAnswer = new Set(answerable.filter((_, index) => wanted(index)))
  const cases: GoldenCase[] = []
  for (const question of set.questions) {
    signal?.throwIfAborted()
    cases.push(await measure(question))
    progress(cases.length, set.questions.length)
  }

  function conversation(question: GoldenQuestion): string[] {
    const before = question.follows === null ? undefined : questions.get(question.follows)
    return [...(before ? conversation(before) : []), question.question]
  }

  async function measure(question: GoldenQuestion): Promise<GoldenCase> {
    const asked = await askLast(subject, conversation(question))
    const citations = question.answerable ? asked.quotes : asked.citations
    const literal: boolean[] = []
    const rects: boolean[] = []
    for (const citation of citations) {
      const page = citation.page === null ? undefined : witnesses.get(citation.documentId)?.[citation.page - 1]
      literal.push(await standsThere(citation, page))
      if (page && citation.page !== null) rects.push(judgeRectangles(citation.quote, citation.rects, page.words).right)
    }
    const outcome: Outcome = { literal, rects }
    if (question.answerable) {
      outcome.falselyDeclined = asked.declined
      outcome.pageRank = asked.passages.findIndex(passage => isGold(passage, question)) + 1
      if (question.quote !== null && !withoutStretch.has(question.kind))
        outcome.quoteRank = stretchRank(
          citations.map(citation => citation.quote),
          question.quote,
        )
      if (toAnswer.has(question)) {
        const answer = await askWritten(subject, conversation(question))
        const gold = question.quote === null ? {} : { gold: stretchRank([answer.text], question.quote) === 1 }
        outcome.answer = { ...answer, ...gold }
      }
    } else outcome.declined = asked.declined
    return { ...asked, question, outcome, quotes: citations }
  }

  async function standsThere(citation: Citation, page: WitnessPage | undefined): Promise<boolean> {
    const segment = citation.page === null ? undefined : await subject.segment(citation.documentId, citation.page)
    const row = segment?.blocks.find(block => block.kind === 'table-row' && block.text.includes(citation.quote))
    const own = segment ? [...segment.blocks, ...(segment.margins ?? [])].map(block => block.text).join('\n') : ''
    // What has no pages has been checked letter by letter against its source when it was cited.
    const texts = page?.texts ?? (segment ? [own] : [citation.quote])
    if (isLiteral(citation.quote, texts, row && cellsOf(row.text, row.cells ?? [0], citation.quote))) return true
    return row !== undefined && page !== undefined && spelledBy(citation.quote, citation.rects, page.words)
  }

  return { rows: rowsOf(set, cases), cases }
}

/** Their stretch stands in a table, where reading orders differ, or in the other language: the page decides. */
const withoutStretch: ReadonlySet<string> = new Set(['table', 'crosslang'])

function isGold({ file, page }: Passage, { gold }: GoldenQuestion): boolean {
  return page !== null && gold.some(accepted => accepted.file === file && accepted.pages.includes(page))
}

/** The cells of a row, as far as they are quoted. */
function cellsOf(text: string, starts: readonly number[], quote: string): string[] {
  const from = text.indexOf(quote)
  const to = from + quote.length
  return starts
    .map((start, index) => text.slice(Math.max(start, from), Math.min(starts[index + 1] ?? text.length, to)).trim())
    .filter(cell => cell !== '')
}

/** One row per language and kind, in the order of the set. */
function rowsOf({ name }: GoldenSet, cases: readonly GoldenCase[]): Row[] {
  const groups = Map.groupBy(cases, ({ question }) => `${question.lang}\n${question.kind}`)
  return [...groups.values()].map(group => {
    const { lang, kind } = group[0].question
    return toRow(
      { set: name, lang, kind },
      group.map(({ outcome }) => outcome),
    )
  })
}
