/** Whether a page's text layer says what the page shows, told by the text alone. */

/** Characters a judgement needs. */
const enough = 80
/** Share of characters without a meaning (private use, U+FFFD, controls) from which the text is of no use. */
const meaningless = 0.15
/** Words longer than this are glued, unless they are addresses, paths, numbers or code; share of the letters in them. */
const longestWord = 45
const glued = 0.4
/**
 * Share of vowels among the letters of Latin text: 0.34 to 0.45 in German and English prose. What was encoded anew by a
 * font without a table lies far outside. Words in capitals and with digits are left aside: they are names and codes.
 */
const vowels = [0.2, 0.62] as const
const letters = 300
const differentWords = 30

// biome-ignore lint/suspicious/noControlCharactersInRegex: that they are there is what is looked for
const withoutMeaning = /[\ufffd\ue000-\uf8ff\u0000-\u0008\u000e-\u001f\u0080-\u009f]|[\u{f0000}-\u{10ffff}]/gu
/** Icons and bullets of symbol fonts stand alone, among text that can be read. */
const alone = /(?<=^|\s)[\ue000-\uf8ff](?=\s|$)/gu

/** `text`: as the file has it, lines apart. */
export function isBrokenText(text: string): boolean {
  const visible = text.replace(/\s+/g, '').length
  if (visible < enough) return false
  const bare = text.replace(alone, ' ')
  if ((bare.match(withoutMeaning)?.length ?? 0) > meaningless * visible) return true
  const words = text.match(/[\p{L}\p{M}]+/gu) ?? []
  const all = words.reduce((sum, word) => sum + word.length, 0)
  // Numbers, formulas, drawings.
  if (all < letters || all < 0.5 * visible) return false
  const latin = words.filter(word => /^[\p{Script=Latin}\p{M}]+$/u.test(word))
  const inLatin = latin.reduce((sum, word) => sum + word.length, 0)
  if (inLatin < 0.9 * all) return false
  const inLong = latin.reduce((sum, word) => sum + (word.length > longestWord ? word.length : 0), 0)
  if (inLong > glued * inLatin) return true
  const ordinary = latin.filter(word => word.length > 1 && word.slice(1) === word.slice(1).toLowerCase())
  const counted = ordinary.reduce((sum, word) => sum + word.length, 0)
  // A list of few names again and again is no language.
  if (counted < letters || new Set(ordinary).size < differentWords) return false
  const vowelCount =
    ordinary
      .join('')
      .normalize('NFD')
      .match(/[aeiouyæœøı]/gi)?.length ?? 0
  const share = vowelCount / counted
  return share < vowels[0] || share > vowels[1]
}
