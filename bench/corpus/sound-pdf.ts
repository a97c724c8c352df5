/**
 * Whether a PDF of the seeds' kind (one table of references, streams as they are) is right to the letter: every object
 * where the table says, every stream as long as it says, and on every page nothing but operators with the operands they
 * take. What is wrong in such a file is its text alone, and no reader can know.
 */

/** The operands of the operators that `scripts/write-pdf.ts` writes: numbers, names, strings. */
const operands: Record<string, string> = { BT: '', ET: '', Tf: '/n', Tc: 'n', Tw: 'n', Tm: 'nnnnnn', Tj: '(' }

export function isSoundPdf(bytes: Uint8Array): boolean {
  const text = Buffer.from(bytes).toString('latin1')
  const end =
    /\nxref\n0 (\d+)\n([\s\S]*?)trailer\n<< \/Size (\d+) \/Root 1 0 R [^>]*<[^>]*> <[^>]*>\] >>\nstartxref\n(\d+)\n%%EOF\n$/
  const [, count, table = '', size, start] = end.exec(text) ?? []
  if (count === undefined || count !== size || text.indexOf('\nxref\n') + 1 !== Number(start)) return false
  const rows = table.split('\n').slice(0, -1)
  if (rows.length !== Number(count) || rows[0] !== '0000000000 65535 f ') return false
  const offsets = rows.slice(1).map(row => (/^\d{10} 00000 n $/.test(row) ? Number(row.slice(0, 10)) : -1))
  return offsets.every((offset, index) => {
    const object = text.slice(offset, offsets[index + 1] ?? Number(start))
    const stream = /^\d+ 0 obj\n<< \/Length (\d+) >>\nstream\n([\s\S]*)\nendstream\nendobj\n$/.exec(object)
    if (!object.startsWith(`${index + 1} 0 obj\n`) || offset < 0) return false
    if (stream) return stream[2]?.length === Number(stream[1]) && isSoundPage(stream[2])
    return /^\d+ 0 obj\n<<(?: ?(?:\/[\w-]+|\[|\]|<<|>>|\d+(?:\.\d+)?|R))+ ?>>\nendobj\n$/.test(object)
  })
}

function isSoundPage(content: string): boolean {
  let given = ''
  let inText = false
  const token = /\s*(?:\((?:[^()\\]|\\.|\((?:[^()\\]|\\.)*\))*\)|\/[\w-]+|-?\d+(?:\.\d+)?(?=\s)|[A-Za-z]+(?=\s|$))\s*/sy
  while (token.lastIndex < content.length) {
    const found = token.exec(content)?.[0].trim()
    if (found === undefined) return false
    if (/^[(/]/.test(found)) given += found[0]
    else if (/^[-\d]/.test(found)) given += 'n'
    else if (operands[found] !== given || inText === (found === 'BT')) return false
    else {
      given = ''
      inText = found !== 'ET'
    }
  }
  return given === '' && !inText
}
