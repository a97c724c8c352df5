import type { Language } from '../model/index.ts'
import { analyze, isStopWord } from './analyze.ts'
import { type Expectation, expectationOf } from './expectation.ts'
import { foldWord } from './fold.ts'
import { relatedForms } from './irregular.ts'
import { detectLanguage } from './language.ts'
import { compoundSplits, rootOf } from './morphology.ts'
import { stemWord } from './stem.ts'
import { synonymsIn } from './synonyms.ts'

export interface QuestionTerm {
  /** As written. */
  text: string
  /** Its index term in the question's language. */
  term: string
  /** Its terms in the other languages, where they differ: a German question over English text finds the words they share. */
  alternatives: string[]
  kind: 'word' | 'number' | 'exact' | 'part'
  /** Capitalised where a common word would not be (English only: German nouns tell nothing). */
  name: boolean
  /** Belongs to the asking ("heißt", "called", "hoch" in "wie hoch"): that it is missing says nothing. */
  asking: boolean
  /** 1; less for words of asking and for words taken over from earlier questions. */
  weight: number
}

export interface Question {
  text: string
  language: 'de' | 'en'
  terms: QuestionTerm[]
  /** Terms of each quoted phrase, in order. */
  phrases: string[][]
  expects: Expectation
}

export interface VocabularyLookups {
  exact: string[]
  prefixes: string[]
  suffixes: string[]
}

/**
 * What a question asks for, in terms of the index. `inheritedFrom` is the offset from which the words were taken over from earlier
 * questions of the chat (`completeQuestion`).
 */
export function analyzeQuestion(text: string, options: { inheritedFrom?: number } = {}): Question {
  const inheritedFrom = options.inheritedFrom ?? Number.POSITIVE_INFINITY
  const language = questionLanguage(text)
  const terms: QuestionTerm[] = []
  const seen = new Map<string, QuestionTerm>()
  const degree = new Set([...text.matchAll(DEGREE)].map(match => match.index + match[0].length - match[1]!.length))
  for (const token of analyze(text, language)) {
    const word = text.slice(token.start, token.end)
    const inherited = token.start >= inheritedFrom
    const known = seen.get(token.term)
    if (known !== undefined) continue
    const asking = ASKING.has(token.term) || degree.has(token.start)
    const alternatives = new Set<string>()
    if (token.kind === 'word' && /^\p{L}+$/u.test(word)) {
      if (!isStopWord(word, language === 'de' ? 'en' : 'de'))
        alternatives.add(stemWord(word, language === 'de' ? 'en' : 'de'))
      alternatives.add(foldWord(word, false))
      alternatives.delete(token.term)
    }
    const term: QuestionTerm = {
      text: word,
      term: token.term,
      alternatives: [...alternatives],
      kind: token.kind,
      name: language === 'en' && token.start > 0 && /^\p{Lu}/u.test(word),
      asking,
      weight: (inherited ? INHERITED : 1) * (token.kind === 'part' ? PART : 1) * (asking ? ASKING_WEIGHT : 1),
    }
    seen.set(token.term, term)
    terms.push(term)
  }
  const phrases = [...text.matchAll(QUOTED)]
    .map(match =>
      analyze(match[1] ?? '', language)
        .filter(token => token.kind !== 'part')
        .map(token => token.term),
    )
    .filter(phrase => phrase.length > 1)
  return { text, language, terms, phrases, expects: expectationOf(text, language) }
}

/** What the plan needs to know of the project's vocabulary. A prefix or suffix range may be cut to its most frequent 100 terms. */
export function vocabularyLookups(question: Question): VocabularyLookups {
  const exact = new Set<string>()
  const prefixes = new Set<string>()
  const suffixes = new Set<string>()
  for (const term of question.terms) {
    for (const form of [term.term, ...term.alternatives]) {
      exact.add(form)
      for (const related of relatedForms(form, question.language)) exact.add(related)
    }
    if (term.kind === 'exact' || term.kind === 'number') continue
    for (const prefix of prefixesOf(term.term)) prefixes.add(prefix)
    if (term.term.length >= SHORTEST_COMPOUND_PART) suffixes.add(term.term)
    if (question.language === 'de')
      for (const split of compoundSplits(foldWord(term.text.replaceAll(/[^\p{L}]/gu, ''), true))) {
        exact.add(split.head)
        for (const modifier of split.modifiers) exact.add(modifier)
      }
  }
  for (const synonym of synonymsIn(
    question.terms.map(term => term.term),
    question.language,
  ))
    exact.add(synonym.term)
  return { exact: [...exact], prefixes: [...prefixes], suffixes: [...suffixes] }
}

/** The ranges of the vocabulary where relatives of a term may stand. */
export function prefixesOf(term: string): string[] {
  if (term.length < SHORTEST_COMPOUND_PART || !/^\p{L}+$/u.test(term)) return []
  const root = rootOf(term)
  const prefixes = [term, root, `ge${root}`]
  if (term.length > SHARED_PREFIX) prefixes.push(term.slice(0, SHARED_PREFIX))
  // A prefix that extends another one is found in its range, but a range may be cut: each is asked for.
  return [...new Set(prefixes)]
}

function questionLanguage(text: string): 'de' | 'en' {
  const detected: Language = detectLanguage(text)
  if (detected !== 'other') return detected
  return /[äöüß]/i.test(text) ? 'de' : /^(?:wh|how|is|are|do|does|did|can|and)\b/i.test(text.trim()) ? 'en' : 'de'
}

export const SHARED_PREFIX = 6
export const SHORTEST_COMPOUND_PART = 4
const INHERITED = 0.5
const PART = 0.5
const ASKING_WEIGHT = 0.4
/** Words of the asking rather than of the answer. */
const ASKING = new Set(
  'heißt heißen hieß nennt nennen genannt nannte bezeichnet lautet bedeutet versteht Name Namen Art Beispiel Begriff brauche brauchen'
    .split(' ')
    .map(word => stemWord(word, 'de'))
    .concat('called name named kind type term example mean means need'.split(' ').map(word => stemWord(word, 'en'))),
)
/** The measure asked for: "wie hoch", "how long". */
const DEGREE =
  /(?<![\p{L}])(?:wie|how)\s+(hoch|lang|lange|gross|groß|weit|breit|tief|schwer|schnell|teuer|alt|stark|oft|häufig|spät|früh|long|much|many|high|tall|large|big|far|wide|deep|heavy|fast|expensive|old|often|late|early|soon)(?![\p{L}])/giu
const QUOTED = /["„“”«»‚‘]([^"„“”«»‚‘]{3,200})["“”«»‘’]/gu
