import { stemWord } from './stem.ts'

/** "Miete" and "Mieter" have one stem, and are two things. */
export function differentNouns(a: string, b: string): boolean {
  const [one, other] = [AGENT.test(a), AGENT.test(b)]
  return one !== other && /^\p{Lu}.*en?$/u.test(one ? b : a)
}

/** May another German noun have its stem? */
export const mayBeMistaken = (word: string) => /^\p{Lu}\p{L}{2,}$/u.test(word) && ENDING.test(word)

/** Stands among a chunk's terms for a word that only has the stem of the one asked for; no text gives such a term. */
export const otherNounTerm = (term: string) => `${term}\0`

/**
 * The terms of a German text, with `otherNounTerm` for each that comes from another noun than the one asked for. The index keeps stems, so
 * only the text can tell. The same array where there is none, or where words and terms cannot be told to be the same ones.
 */
export function withOtherNouns(
  terms: readonly string[],
  text: string,
  asked: readonly { term: string; text: string }[],
): readonly string[] {
  let replaced: string[] | undefined
  for (const { term, text: noun } of asked) {
    const places = placesOf(term, terms)
    if (places.length === 0) continue
    const words = (text.match(familyOf(noun)) ?? []).filter(word => stemWord(word, 'de') === term)
    if (words.length !== places.length) continue
    for (const [at, word] of words.entries()) {
      if (!differentNouns(noun, word)) continue
      replaced ??= [...terms]
      replaced[places[at]!] = otherNounTerm(term)
    }
  }
  return replaced ?? terms
}

function placesOf(term: string, terms: readonly string[]): number[] {
  const places: number[] = []
  for (let place = terms.indexOf(term); place !== -1; place = terms.indexOf(term, place + 1)) places.push(place)
  return places
}

/** All words that begin as it does, without its ending. */
const familyOf = (noun: string) => new RegExp(`(?<!\\p{L})${noun.replace(ENDING, '')}\\p{L}*`, 'giu')

const AGENT = /^\p{Lu}.*er(?:[ns]|in|innen)?$/u
const ENDING = /(?:en?|er(?:[ns]|in|innen)?)$/
