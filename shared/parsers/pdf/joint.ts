// After one of these a word ending in a hyphen is short for a longer one: “Haupt- und Nebensatz”.
const SUSPENDED = new Set(
  'und oder bzw bzw. sowie als noch bis statt beziehungsweise and or to nor as through'.split(' '),
)
const HYPHEN_AT_END = /\p{L}[-\u2010]$/u
const LOWER_AT_START = /^\p{Ll}/u
const JOINS_KEEPING_HYPHEN = /^[\p{Lu}\p{N}]/u

/** What goes between two lines of a block: the text so far, and how the next line begins. */
export function jointOf(text: string, next: string): 'drop-hyphen' | 'none' | 'space' {
  // Only the end is looked at: the text before may be long.
  const end = text.slice(-3)
  if (end.endsWith('\u00ad')) return 'drop-hyphen'
  if (HYPHEN_AT_END.test(end)) {
    if (LOWER_AT_START.test(next)) {
      const word = next.split(' ', 1)[0]!.replace(/,$/, '')
      if (!SUSPENDED.has(word)) return 'drop-hyphen'
    } else if (JOINS_KEEPING_HYPHEN.test(next)) return 'none'
  }
  return 'space'
}
