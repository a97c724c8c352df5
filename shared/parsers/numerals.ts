/** Numbers as lists show them. */

// Further on they are not letters any more in any document.
const LONGEST = 30

/** `format`: as Office Open XML calls it in text documents. */
export function formatNumber(count: number, format: string): string {
  switch (format) {
    case 'lowerLetter':
      return letters(count).toLowerCase()
    case 'upperLetter':
      return letters(count)
    case 'lowerRoman':
      return roman(count).toLowerCase()
    case 'upperRoman':
      return roman(count)
    case 'decimalZero':
      return String(count).padStart(2, '0')
    case 'ordinal':
      return `${count}.`
    case 'bullet':
    case 'none':
      return ''
    default:
      return String(count)
  }
}

/** A … Z, AA, BB … as Word and LibreOffice count. */
function letters(count: number): string {
  if (count < 1 || count > 26 * LONGEST) return String(count)
  return String.fromCharCode(65 + ((count - 1) % 26)).repeat(Math.ceil(count / 26))
}

const ROMAN: [number, string][] = [
  [1000, 'M'],
  [900, 'CM'],
  [500, 'D'],
  [400, 'CD'],
  [100, 'C'],
  [90, 'XC'],
  [50, 'L'],
  [40, 'XL'],
  [10, 'X'],
  [9, 'IX'],
  [5, 'V'],
  [4, 'IV'],
  [1, 'I'],
]

/** In capitals; in digits where there are none. */
export function roman(count: number): string {
  if (count < 1 || count > 3_999) return String(count)
  let text = ''
  let rest = count
  for (const [value, sign] of ROMAN)
    while (rest >= value) {
      text += sign
      rest -= value
    }
  return text
}
