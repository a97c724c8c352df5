/** Letters of a mail that are looked through; longer ones only for their end. */
const reach = 32 * 1024 ** 2
/** Borders whose end is looked for, each through the whole mail: nobody writes as many parts in parts. */
const mostBorders = 100

/**
 * Does something of a mail seem to be missing? Its headers end with an empty line, each border between parts that is
 * announced is there and is closed, and none is there that nobody announced; base64 is in lines of one length.
 */
export function isBroken(bytes: Buffer): boolean {
  const text = bytes.toString('latin1', 0, reach)
  if (!/\r?\n\r?\n/.test(text)) return true
  // A disk or a program writes zeros where it knows nothing; parts that may hold some say so.
  if (text.includes('\0\0\0\0\0\0\0\0') && !/^content-transfer-encoding[ \t]*:[ \t]*binary/im.test(text)) return true
  const announced = new Set<string>()
  for (const [header] of text.matchAll(/^content-type[ \t]*:[ \t]*multipart\/[^\n]*(?:\n[ \t][^\n]*)*/gim)) {
    const named = /boundary[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)+)"|([^\s;"]+))/i.exec(header)
    if (!named) return true
    announced.add((named[1] ?? named[2] ?? '').replace(/\\(.)/g, '$1'))
  }
  for (const border of [...announced].slice(0, mostBorders))
    if (bytes.lastIndexOf(`--${border}--`, undefined, 'latin1') === -1) return true
  for (const [, border = ''] of text.matchAll(/^--(\S[^\r\n]{4,75}?)[ \t]*\r?\n(?=content-[a-z-]+[ \t]*:)/gim)) {
    if (!announced.has(border)) return true
  }
  // The head of a part ends with an empty line, too; some mails break its lines without a space before the next.
  for (const [, border = '', head = ''] of text.matchAll(
    /^--(\S(?:[^\r\n]*[^\r\n \t])?)[ \t]*\r?\n(content-(?:[^\r\n]+\r?\n)+)/gim,
  )) {
    if (!announced.has(border)) continue
    if (
      head
        .trimEnd()
        .split(/\r?\n/)
        .some(line => !/^(?:[ \t]|[!-9;-~]+[ \t]*:|[\w*-]+=["\w])/.test(line))
    )
      return true
  }
  let start = 0
  for (const { index } of text.matchAll(/^content-transfer-encoding[ \t]*:[ \t]*base64\b/gim)) {
    // Of the same head.
    if (index < start) continue
    const blank = /\n\r?\n/g
    blank.lastIndex = index
    if (!blank.test(text)) break
    start = blank.lastIndex
    if (isUneven(text, start)) return true
  }
  return false
}

/** Lines of base64 beyond this are no lines of a mail (RFC 5321, 4.5.3.1.6): they were joined (`joinBase64`). */
const longestLine = 998
/** A hole in base64, or a part put elsewhere, leaves this many odd lines; whoever writes uneven lines writes more of them. */
const mostOdd = 4

/**
 * Programs write base64 in lines of one length, and only the last is shorter: one within that is not was damaged, even
 * where what remains can be decoded. What follows the last line is no part of it.
 */
function isUneven(text: string, from: number): boolean {
  const lengths: number[] = []
  for (let at = from; at < text.length; ) {
    const found = text.indexOf('\n', at)
    const end = found === -1 ? text.length : found
    const line = text.slice(at, end).trimEnd()
    at = end + 1
    if (line === '' || line.startsWith('--') || line.length > longestLine) break
    lengths.push(/^[A-Za-z\d+/]*=*$/.test(line) ? line.length : -1)
  }
  const often = new Map<number, number>()
  for (const length of lengths) often.set(length, (often.get(length) ?? 0) + 1)
  const [usual = 0, count = 0] = [...often].sort((a, b) => b[1] - a[1])[0] ?? []
  // Up to the last line of the usual length: the next one is the last of all.
  const inside = lengths.slice(0, lengths.lastIndexOf(usual))
  const odd = inside.filter(length => length !== usual)
  return usual > 0 && odd.length > 0 && odd.length <= mostOdd && odd.length * 3 < count
}
