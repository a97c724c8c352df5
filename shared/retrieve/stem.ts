import { stemmer as english } from '@orama/stemmers/english'
import { stemmer as german } from '@orama/stemmers/german'
import type { Language } from '../model/index.ts'
import { foldWord } from './fold.ts'
import { stopWords } from './stop-words.ts'

/**
 * Snowball costs about 2 µs a word, folding it for the list of stop words another; running text repeats its words, so most come
 * from here. Emptied when full (about 6 MB). What is a stop word is kept with a mark before its stem.
 */
const CACHE_LIMIT = 50_000
const caches: Record<Language, Map<string, string>> = { de: new Map(), en: new Map(), other: new Map() }
const STOP = '\0'

/** The index term of one word (letters only): folded, then stemmed by Snowball (German) or Porter (English). */
export function stemWord(word: string, language: Language): string {
  const entry = entryOf(word, language)
  return entry.startsWith(STOP) ? entry.slice(STOP.length) : entry
}

/** The same, but nothing for a stop word. */
export function searchableStem(word: string, language: Language): string | undefined {
  const entry = entryOf(word, language)
  return entry.startsWith(STOP) ? undefined : entry
}

/** "US" and "IT" are no pronouns. */
export function isStopWord(word: string, language: Language): boolean {
  if (language === 'other') return false
  if ((word.length === 2 || word.length === 3) && word === word.toUpperCase()) return false
  return stopWords[language].has(foldWord(word, language === 'de'))
}

function entryOf(word: string, language: Language): string {
  if (word.length > LONGEST) return foldWord(word.slice(0, LONGEST), language === 'de')
  const cache = caches[language]
  const known = cache.get(word)
  if (known !== undefined) return known
  if (cache.size >= CACHE_LIMIT) cache.clear()
  const stem = stemOf(word, language)
  const entry = isStopWord(word, language) ? STOP + stem : stem
  cache.set(word, entry)
  return entry
}

function stemOf(word: string, language: Language): string {
  // No umlaut hides in "UEFI".
  const folded = foldWord(word, language === 'de' && !ACRONYM.test(word))
  if (language === 'other' || !LATIN.test(folded)) return folded
  if (language === 'en') return folded.length > 2 ? english(folded) || folded : folded
  const stem = german(folded) || folded
  // "Ergebnis/Ergebnisse", "Lehrerin/Lehrerinnen": what Snowball leaves apart.
  return stem.length > 4 && (stem.endsWith('ss') || stem.endsWith('inn')) ? stem.slice(0, -1) : stem
}

const ACRONYM = /^[A-Z]{2,5}$/
const LATIN = /^[a-z]+$/
/** Longer runs of letters are no words (base64, broken PDF text); their head is enough to find them. */
const LONGEST = 64
