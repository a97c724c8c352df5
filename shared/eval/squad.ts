import type { Passage } from '../model/index.ts'
import { documentRank, type Outcome, quoteRank, type Row, toRow } from './figures.ts'
import type { SquadQuestion, SquadSet } from './sets.ts'
import { askLast, askOnce, askWritten, demandReady, type RunOptions, type Subject, spread } from './subject.ts'
import { isLiteral } from './witness.ts'

/** Passages searched for, so that ten distinct documents are among them even where several are of one. */
const searchDepth = 30

/** What was seen of one question, for whoever looks into the misses. */
export interface SquadCase {
  question: SquadQuestion
  outcome: Outcome
  /** The first ones a search finds; nothing where the question has no answer. */
  passages: Passage[]
  quotes: string[]
  /** How sure the product was, with the paragraph in the library and without it. */
  evidence: number
  evidenceWithout: number
}

/**
 * Measures a SQuAD-format set: its paragraphs are the library, one document each. Declining is measured by deleting the
 * paragraph, so that nothing of it is left in the index or its statistics, asking its questions, and undoing the delete.
 */
export async function runSquad(
  subject: Subject,
  set: SquadSet,
  { answers = 0, progress = () => {}, signal }: RunOptions = {},
): Promise<{ rows: Row[]; cases: SquadCase[] }> {
  const texts = new Map<string, string>()
  const paragraphs: { document: string; questions: SquadQuestion[] }[] = []
  for (const [index, { text, questions }] of set.paragraphs.entries()) {
    signal?.throwIfAborted()
    // The name is searched too, so all have the same: it must not tell the paragraphs apart.
    const file = { name: 'text.txt', path: `${index + 1}/text.txt`, open: () => bytesOf(text) }
    const { id } = await subject.add(file)
    texts.set(id, text)
    paragraphs.push({ document: id, questions })
  }
  await subject.settled()
  for (const { document } of paragraphs) await demandReady(subject, document)

  const total = 2 * paragraphs.reduce((sum, { questions }) => sum + questions.length, 0)
  let done = 0
  const step = () => {
    signal?.throwIfAborted()
    done += 1
    progress(done, total)
  }
  const answerable = paragraphs.flatMap(({ questions }) => questions).filter(question => question.answers.length > 0)
  const wanted = spread(answerable.length, answers)
  const toAnswer = new Set(answerable.filter((_, index) => wanted(index)))
  const cases: SquadCase[] = []
  for (const { document, questions } of paragraphs) {
    for (const question of questions) {
      cases.push(await measure(question, document))
      step()
    }
  }
  for (const { document, questions } of paragraphs) {
    if (questions.length === 0) continue
    await subject.delete(document)
    for (const question of questions) {
      const { declined, evidence } = await askOnce(subject, { question: question.question })
      const found = cases[done - total / 2]
      found.outcome.declined = declined
      found.evidenceWithout = evidence
      step()
    }
    await subject.undo(document)
    await subject.settled()
  }

  async function measure(question: SquadQuestion, gold: string): Promise<SquadCase> {
    const asked = await askLast(subject, [question.question])
    const answerable = question.answers.length > 0
    const citations = answerable ? asked.quotes : asked.citations
    const quotes = citations.map(citation => citation.quote)
    const literal = citations.map(({ quote, documentId }) => isLiteral(quote, [texts.get(documentId) ?? '']))
    const seen = { question, quotes, evidence: asked.evidence, evidenceWithout: 0 }
    if (!answerable) return { ...seen, passages: [], outcome: { literal } }
    const passages = await subject.search(question.question, searchDepth)
    const documents = passages.map(passage => passage.documentId)
    const rank = documentRank(documents, gold)
    const outcome: Outcome = {
      rank,
      quoteRank: quoteRank(quotes, question.answers),
      literal,
      falselyDeclined: asked.declined,
    }
    if (toAnswer.has(question)) {
      const answer = await askWritten(subject, [question.question])
      outcome.answer = { ...answer, gold: quoteRank([answer.text], question.answers) === 1 }
    }
    return { ...seen, passages, outcome }
  }

  return { rows: rowsOf(set, cases), cases }
}

/** Questions their paragraph does not answer (SQuAD 2) are a kind of their own. */
function rowsOf({ name, lang }: SquadSet, cases: readonly SquadCase[]): Row[] {
  const answerable = cases.filter(({ question }) => question.answers.length > 0)
  const unanswerable = cases.filter(({ question }) => question.answers.length === 0)
  const row = (kind: string | null, of: readonly SquadCase[]) =>
    of.length === 0
      ? []
      : [
          toRow(
            { set: name, lang, kind },
            of.map(({ outcome }) => outcome),
          ),
        ]
  return [...row(null, answerable), ...row('unanswerable', unanswerable)]
}

async function* bytesOf(text: string): AsyncIterable<Uint8Array> {
  yield new TextEncoder().encode(text)
}
