/** What must be found letter by letter: how such a token is cut, and how a number is written. */

/** The forms of a run with separators that are kept whole: the run, the left side of "=", and the pieces between / = : @. */
export function exactForms(run: string): { text: string; at: number }[] {
  if (ABBREVIATION.test(run)) return []
  if (GLUED.test(run)) return []
  const bare = run.length > LONGEST ? run.slice(0, LONGEST) : run
  const forms = new Map<string, number>()
  const add = (text: string, at: number) => {
    if (text.length > 1 && !forms.has(text) && /[^\p{L}\p{M}]/u.test(text)) forms.set(text, at)
  }
  if (INITIALS.test(bare)) return [{ text: bare, at: 0 }]
  add(bare, 0)
  const equals = bare.indexOf('=')
  if (equals > 0) add(bare.slice(0, equals), 0)
  let pieces = 0
  for (const match of bare.matchAll(PIECE)) {
    if (++pieces > MOST_PIECES) break
    if (/\D/.test(match[0])) add(match[0], match.index)
  }
  return [...forms].map(([text, at]) => ({ text, at }))
}

/**
 * A number in one notation: no thousands separators, a point before decimals ("1.160" and "1,160" are 1160, "2,5" is 2.5). A date
 * gives its year as a part; a version ("12.4.1") stays as it is.
 */
export function numberForm(number: string): { term: string; parts: string[] } {
  if (/^\d+$/.test(number)) return { term: number.replace(/^0+(?=[1-9]\d*$)/, ''), parts: [] }
  const date = /^(\d{1,2})\.(\d{1,2})\.(\d{4})$/.exec(number)
  if (date) return { term: `${Number(date[1])}.${Number(date[2])}.${date[3]}`, parts: [date[3] as string] }
  if (/^[1-9]\d{0,2}(?:\.\d{3})+(?:,\d+)?$/.test(number))
    return { term: number.replaceAll('.', '').replace(',', '.'), parts: [] }
  if (/^[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?$/.test(number)) return { term: number.replaceAll(',', ''), parts: [] }
  return { term: /^\d+,\d+$/.test(number) ? number.replace(',', '.') : number, parts: [] }
}

/**
 * References that hold spaces: "§ 543 Abs. 2" gives §543 and §543/2, "4 C 123/22" and "XII ZR 5/20" (file numbers) and IBANs are closed up.
 */
export function sectionReferences(text: string): { term: string; start: number; end: number }[] {
  const found: { term: string; start: number; end: number }[] = []
  if (text.includes('§') || text.includes('Paragraph') || text.includes('Artikel') || text.includes('Art.'))
    for (const match of text.matchAll(SECTION)) {
      const [whole, sign, number, paragraph] = match
      const end = match.index + whole.length
      const mark = sign?.startsWith('A') ? 'art' : '§'
      const term = `${mark}${number?.replace(/\s/g, '').toLowerCase()}`
      found.push({ term, start: match.index, end })
      if (paragraph !== undefined) found.push({ term: `${term}/${paragraph}`, start: match.index, end })
    }
  if (/\d\/\d/.test(text)) for (const match of text.matchAll(FILE_NUMBER)) found.push(closedUp(match))
  if (/\p{Lu}{2}\d\d/u.test(text)) for (const match of text.matchAll(IBAN)) found.push(closedUp(match))
  return found
}

const closedUp = (match: RegExpExecArray) => ({
  term: match[0].replaceAll(/\s/g, '').toLowerCase(),
  start: match.index,
  end: match.index + match[0].length,
})

const SECTION =
  /(§§?|Paragraph(?:en)?|Artikels?|Art\.)[ \u00a0]?(\d+(?:[ \u00a0]?[a-z](?![\p{L}]))?)(?:,?[ \u00a0](?:Abs\.|Absatz)[ \u00a0]?(\d+[a-z]?))?/gu
/** Court and authority file numbers: chamber, register letters, running number / year. */
const FILE_NUMBER =
  /(?<![\p{L}\p{N}])(?:\d{1,4}|[IVX]{1,5})[ \u00a0]\p{Lu}\p{L}{0,3}(?:[ \u00a0]\p{Lu}{1,2})?[ \u00a0]\d{1,6}\/\d{2,4}(?!\d)/gu
const IBAN = /(?<![\p{L}\p{N}])[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?![\p{L}\p{N}])/gu
const PIECE = /[^/\\=:@,'’&]+/gu
const ABBREVIATION = /^(?:z\.B|d\.h|u\.a|o\.[äÄ]|i\.d\.R|e\.g|i\.e|a\.m|p\.m)$/i
/** A sentence end without its space: "Ende.Anfang". */
const GLUED = /^[\p{L}\p{M}]{2,}[.:]\p{Lu}\p{Ll}+$/u
const INITIALS = /^\p{L}(?:\.\p{L})+$/u
const LONGEST = 160
const MOST_PIECES = 16
