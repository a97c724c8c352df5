/**
 * What stands at 0x20 to 0xff of the fonts that draw signs in place of letters; programs write them at U+F020 to U+F0FF.
 */

// Adobe's Symbol encoding (Unicode's mapping table symbol.txt). A space: a part of a tall bracket, or nothing.
const SYMBOL_LOW = ' !∀#∃%&∋()∗+,−./0123456789:;<=>?≅ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ[∴]⊥_ αβχδεφγηιϕκλμνοπθρστυϖωξψζ{|}∼'
const SYMBOL_HIGH = '€ϒ′≤⁄∞ƒ♣♦♥♠↔←↑→↓°±″≥×∝∂•÷≠≡≈… ― ↵ℵℑℜ℘⊗⊕∅∩∪⊃⊇⊄⊂⊆∈∉∠∇®©™∏√⋅¬∧∨⇔⇐⇑⇒⇓◊〈®©™∑         〉∫⌠ ⌡'

const WINGDINGS: Record<number, string> = {
  33: '✏',
  34: '✂',
  40: '☎',
  41: '✆',
  42: '✉',
  74: '☺',
  76: '☹',
  108: '●',
  110: '■',
  111: '□',
  112: '□',
  113: '❑',
  114: '❒',
  117: '◆',
  118: '❖',
  119: '⬥',
  159: '•',
  161: '○',
  167: '▪',
  168: '☐',
  216: '➢',
  223: '←',
  224: '→',
  225: '↑',
  226: '↓',
  232: '➔',
  240: '⇨',
  251: '✗',
  252: '✓',
  253: '☒',
  254: '☑',
}

/** The sign that a font of signs draws; undefined where it is not known, or the font is an ordinary one. */
export function symbolOf(font: string, code: number): string | undefined {
  const place = code >= 0xf000 && code <= 0xf0ff ? code - 0xf000 : code
  if (/^symbol/i.test(font)) {
    const sign = place >= 0xa0 ? symbolHigh(place) : SYMBOL_LOW[place - 0x20]
    return sign === undefined || (sign === ' ' && place !== 0x20) ? undefined : sign
  }
  if (/^(?:wingdings|webdings|marlett)/i.test(font)) return WINGDINGS[place]
  return code >= 0xf000 && code <= 0xf0ff ? undefined : String.fromCodePoint(code)
}

function symbolHigh(place: number): string | undefined {
  return [...SYMBOL_HIGH][place - 0xa0]
}
