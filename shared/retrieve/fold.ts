/**
 * One spelling per word: lower case, no diacritics, ß as ss.
 *
 * German umlauts fold to their base letter, and so do `ae oe ue` ("Plattengroesse" meets "Plattengröße"), except where they are
 * no umlaut: after a vowel or q ("neue", "Bauer", "Quelle") and in a final -e/-en ("Statue", "Oboen"). "Israel" becomes "isral"
 * on both sides, which harms nobody. The rule is that of Snowball's German prelude, with the final -e/-en added.
 */
export function foldWord(word: string, german: boolean): string {
  let folded = word.toLowerCase()
  if (NON_ASCII.test(folded)) {
    folded = folded.replaceAll('ß', 'ss').normalize('NFD').replace(MARKS, '')
    folded = folded
      .replaceAll('æ', 'ae')
      .replaceAll('ø', 'o')
      .replaceAll('ł', 'l')
      .replaceAll('œ', 'oe')
      .replaceAll('ı', 'i')
  }
  return german ? folded.replace(SPELLED_UMLAUT, '$1') : folded
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: the ASCII range is meant
const NON_ASCII = /[^\x00-\x7f]/
const MARKS = /\p{M}+/gu
const SPELLED_UMLAUT = /(?<![aeiouq])([aou])e(?!n?$)/g
