/** What is measured of each question, and how it adds up to one row. */
import type { AnswerMode } from '../model/index.ts'

export interface Row {
  /** The file's name without language and extension. */
  set: string
  lang: string
  /** Of golden sets; SQuAD-format files have no kinds. */
  kind: string | null
  questions: number
  /** Share of the questions with the gold document among the first, the first five distinct documents. */
  recall1: number | null
  recall5: number | null
  /** Mean of 1 / rank of the gold document, 0 past the tenth. */
  mrr10: number | null
  /**
   * Share of the questions with a gold answer inside the first quote, inside one of the first three. Measured apart from
   * declining: what the product would quote if it answered.
   */
  quote1: number | null
  quote3: number | null
  /** Share of the questions with an accepted page among the first five passages. */
  page5: number | null
  /** Share of the quotes found in the text of their page; whose rectangles hold them and nothing else. */
  quotesLiteral: number | null
  rectsRight: number | null
  /** Share declined of the questions that have no answer in the library, and of those that have one. */
  declined: number | null
  falselyDeclined: number | null
  /**
   * Of answers by a chat model, where they were asked for: how many there are, the share it wrote (not quoted, not declined),
   * the share of those that hold a gold answer, and the share of their sentences that were proven.
   */
  answers: number
  written: number | null
  writtenGold: number | null
  proven: number | null
}

export interface WrittenOutcome {
  mode: AnswerMode
  text: string
  /** One for each sentence. */
  proven: readonly boolean[]
}

/** One question's outcome; what was not measured is absent. */
export interface Outcome {
  /** From 1; 0 when the gold document was not found. */
  rank?: number
  /** From 1, the first quote that holds a gold answer; 0 when none does. */
  quoteRank?: number
  /** From 1, the first passage on an accepted page; 0 when none is. */
  pageRank?: number
  /** One for each quote. */
  literal?: readonly boolean[]
  rects?: readonly boolean[]
  /** Asked without the answer in the library, and with it. */
  declined?: boolean
  falselyDeclined?: boolean
  answer?: WrittenOutcome & { gold?: boolean }
}

export function toRow(of: Pick<Row, 'set' | 'lang' | 'kind'>, outcomes: readonly Outcome[]): Row {
  const ranks = known(outcomes, 'rank')
  const quoteRanks = known(outcomes, 'quoteRank')
  const answers = known(outcomes, 'answer')
  const written = answers.filter(({ mode }) => mode === 'model')
  const within = (limit: number) => (rank: number) => rank >= 1 && rank <= limit
  return {
    ...of,
    questions: outcomes.length,
    recall1: share(ranks.map(within(1))),
    recall5: share(ranks.map(within(5))),
    mrr10: mean(ranks.map(rank => (within(10)(rank) ? 1 / rank : 0))),
    quote1: share(quoteRanks.map(within(1))),
    quote3: share(quoteRanks.map(within(3))),
    page5: share(known(outcomes, 'pageRank').map(within(5))),
    quotesLiteral: share(known(outcomes, 'literal').flat()),
    rectsRight: share(known(outcomes, 'rects').flat()),
    declined: share(known(outcomes, 'declined')),
    falselyDeclined: share(known(outcomes, 'falselyDeclined')),
    answers: answers.length,
    written: share(answers.map(({ mode }) => mode === 'model')),
    writtenGold: share(known(written, 'gold')),
    proven: share(written.flatMap(({ proven }) => proven)),
  }
}

function known<T, Key extends keyof T>(outcomes: readonly T[], key: Key): NonNullable<T[Key]>[] {
  return outcomes.flatMap(outcome => outcome[key] ?? [])
}

const share = (holds: readonly boolean[]): number | null => mean(holds.map(Number))

/** Rounded to four places: a thousandth of a set of 1,000 questions still shows. */
function mean(values: readonly number[]): number | null {
  if (values.length === 0) return null
  return Math.round((values.reduce((sum, value) => sum + value, 0) / values.length) * 10_000) / 10_000
}

/** Rank of `gold` among the distinct documents of these passages, from 1; 0 when it is not there. */
export function documentRank(documents: readonly string[], gold: string): number {
  return [...new Set(documents)].indexOf(gold) + 1
}

/** Rank of the first quote that holds one of the texts, white space collapsed, from 1; 0 when none does. */
export function quoteRank(quotes: readonly string[], texts: readonly string[]): number {
  const wanted = texts.map(collapse)
  return quotes.findIndex(quote => wanted.some(text => collapse(quote).includes(text))) + 1
}

/**
 * Rank of the first quote that gives a gold stretch of text, from 1; 0 when none does. A golden set's stretch may begin or
 * end inside a sentence, or run over two: it counts when one holds the other, or when they share half of its word pairs.
 */
export function stretchRank(quotes: readonly string[], stretch: string): number {
  const gold = pairs(stretch)
  return (
    quotes.findIndex(quote => {
      if (quoteRank([quote], [stretch]) === 1 || quoteRank([stretch], [quote]) === 1) return true
      const own = pairs(quote)
      return gold.size > 0 && [...gold].filter(pair => own.has(pair)).length / gold.size >= 0.5
    }) + 1
  )
}

function pairs(text: string): Set<string> {
  const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []
  return new Set(words.slice(1).map((word, index) => `${words[index]} ${word}`))
}

function collapse(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}
