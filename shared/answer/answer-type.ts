import { isStopWord } from '../retrieve/analyze.ts'
import type { Expectation } from '../retrieve/expectation.ts'
import { foldWord } from '../retrieve/fold.ts'
import { isNumberWord } from '../retrieve/irregular.ts'
import { stemWord } from '../retrieve/stem.ts'

/**
 * Does a sentence hold a thing of the kind asked for that the question does not name itself? 0 (no) to 1 (plainly).
 * `known` holds the folded words of the question.
 */
export function holdsExpected(
  sentence: string,
  expects: Expectation,
  language: 'de' | 'en',
  known: ReadonlySet<string>,
): number {
  switch (expects) {
    case 'date':
      return holdsDate(sentence, known)
    case 'number':
      return holdsNumber(sentence, language, known)
    case 'unit':
      return holdsNumber(sentence, language, known)
    case 'duration':
      return DURATION.test(sentence) ? 1 : holdsNumber(sentence, language, known) * 0.7
    case 'person':
      return holdsName(sentence, language, known, false)
    case 'place':
      return holdsName(sentence, language, known, true)
    case 'name':
      return QUOTE.test(sentence) ? 1 : holdsName(sentence, language, known, false) * 0.5
    case 'reason':
      return REASON.test(sentence) ? 1 : 0
    case 'exact':
      return EXACT.test(sentence) ? 1 : 0
    case 'any':
      return 0
  }
}

export const knownWords = (question: string) =>
  new Set([...question.matchAll(WORD)].map(([word]) => foldWord(word, false)))

function holdsDate(sentence: string, known: ReadonlySet<string>): number {
  let best = 0
  for (const [year] of sentence.matchAll(YEAR)) if (!known.has(year.toLowerCase())) best = 1
  if (best === 1) return best
  if (MONTH.test(sentence)) return 1
  return CALENDAR.test(sentence) ? 0.6 : 0
}

function holdsNumber(sentence: string, language: 'de' | 'en', known: ReadonlySet<string>): number {
  let best = 0
  for (const [number] of sentence.matchAll(NUMBER)) {
    if (known.has(number)) continue
    // A bare year rarely counts anything.
    best = Math.max(best, /^(?:1[0-9]|20)\d\d$/.test(number) ? 0.3 : 1)
    if (best === 1) return 1
  }
  for (const [word] of sentence.matchAll(WORD)) {
    const lower = word.toLowerCase()
    if (LARGE.test(lower) && !known.has(foldWord(word, false))) return 0.9
    if (
      lower.length > 2 &&
      !ARTICLES.has(lower) &&
      isNumberWord(stemWord(word, language), language) &&
      !known.has(foldWord(word, false))
    )
      best = Math.max(best, 0.8)
  }
  return best
}

/** Neighbouring capitalised words, or one after a preposition of place; single ones count little in German, where every noun is one. */
function holdsName(sentence: string, language: 'de' | 'en', known: ReadonlySet<string>, place: boolean): number {
  let best = 0
  let previous = ''
  let previousNew = false
  let first = true
  for (const match of sentence.matchAll(WORD)) {
    const word = match[0]
    const capital =
      /^\p{Lu}/u.test(word) && !isStopWord(word, language) && !(first && isStopWord(word.toLowerCase(), language))
    const fresh = capital && !known.has(foldWord(word, false))
    if (fresh) {
      if (place && PLACE.has(previous)) best = Math.max(best, 1)
      else if (!place && previousNew) best = 1
      else if (language === 'en' && !first) best = Math.max(best, 0.7)
      else if (!first && !DETERMINERS.test(previous)) best = Math.max(best, 0.3)
    }
    previousNew = fresh && !first
    previous = word.toLowerCase()
    first = false
  }
  return best
}

const WORD = /[\p{L}\p{N}][\p{L}\p{M}\p{N}]*/gu
const YEAR = /(?<![\d.,])(?:1\d|20)\d\d(?:er|s)?(?![\d])/g
const MONTH =
  /\b(?:Januar|Februar|März|April|Mai|Juni|Juli|August|September|Oktober|November|Dezember|January|February|March|May|June|July|October|December)\b/
const CALENDAR =
  /Werktag|Jahrhundert|Jahrzehnt|\bcentur(?:y|ies)\b|\bdecades?\b|\bago\b|\b(?:Montag|Dienstag|Mittwoch|Donnerstag|Freitag|Samstag|Sonntag|Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)\b|\b\d{3}\b/
const NUMBER = /\d+(?:[.,]\d+)*/g
const LARGE =
  /^(?:hundert|tausend|million|milliarde|billion|dutzend|hundred|thousand|dozen|zwanzig|dreissig|dreißig|vierzig|funfzig|fünfzig|thirty|forty|fifty|sixty|seventy|eighty|ninety|half|hälfte|drittel|viertel|third|quarter)/
const ARTICLES = new Set(['ein', 'eine', 'einen', 'einem', 'einer', 'eines', 'one'])
const DURATION =
  /(?:\d|\p{L})[ -](?:Sekunden?|Minuten?|Stunden?|Tage?n?|Wochen?|Monate?n?|Jahre?n?|seconds?|minutes?|hours?|days?|weeks?|months?|years?)\b/u
const REASON =
  /\b(?:weil|da|denn|wegen|aufgrund|um|damit|deshalb|daher|dadurch|because|due|since|so that|therefore|as a result|in order|caused?)\b/i
const EXACT = /[=/\\_]\S|\s-{1,2}\p{L}|["„“”»«‘’']|\b(?:Alt|Strg|Ctrl|Tab|Enter|Esc|F\d+)\b|\d/u
const QUOTE = /["„“”»«‘]\p{L}/u
const PLACE = new Set(
  'in im nach aus bei zu zur zum von vom am an auf uber durch at from to near of across into'.split(' '),
)
const DETERMINERS = /^(?:d(?:er|ie|as|en|em|es)|ein\w*|kein\w*|\p{Ll}+(?:e|en|er|es|em))$/u
