import type { Language } from '../model/index.ts'
import { stemWord } from './stem.ts'

/**
 * The root that words of one family share: "gegrundet", "grundung", "grunder" all give "grund". Too rough for an index (it joins "Plan"
 * and "Planet"); fit for weighing what a prefix look-up found.
 */
export function rootOf(term: string): string {
  let root = term
  if (root.startsWith('ge') && root.length >= 7 && /(?:t|n)$/.test(root)) root = root.slice(2)
  for (let round = 0; round < 2; round++) {
    const suffix = SUFFIX.exec(root)
    if (suffix === null || root.length - suffix[0].length < 4) break
    root = root.slice(0, -suffix[0].length)
  }
  return root
}

const SUFFIX =
  /(?:ierung|igung|ung|igkeit|keit|heit|schaft|lich|isch|ation|ition|ion|ier|iert|bar|sam|nis|erin|er|end|et|est|st|ig|or|ist|ism|ismus|tat|ment|al|iv|en|em|es|s|t|e|n|i)$/

/** Ways to cut a German word in two, with the linking letters of the first half taken off; both halves as terms. */
export function compoundSplits(folded: string): { head: string; modifiers: string[] }[] {
  const splits: { head: string; modifiers: string[] }[] = []
  if (folded.length < 7 || folded.length > 40 || !/^[a-z]+$/.test(folded)) return splits
  for (let at = 3; at <= folded.length - 3; at++) {
    const left = folded.slice(0, at)
    const modifiers = new Set([stemWord(left, 'de')])
    for (const link of LINKS) {
      if (left.length - link.length >= 3 && left.endsWith(link))
        modifiers.add(stemWord(left.slice(0, -link.length), 'de'))
    }
    // "Schulbuch" and "Sprachlehre": the first half lost its e, which its stem lost too.
    splits.push({ head: stemWord(folded.slice(at), 'de'), modifiers: [...modifiers] })
  }
  return splits
}

const LINKS = ['s', 'n', 'en', 'es', 'er', 'e', 'ens']

export const isGerman = (language: Language) => language !== 'en'
