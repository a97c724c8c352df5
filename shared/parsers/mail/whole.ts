/** Letters of a mail that are looked through; longer ones only for their end. */
const reach = 32 * 1024 ** 2

/**
 * Does something of a mail seem to be missing? Its headers end with an empty line, each border between parts that is
 * announced is there and is closed, and none is there that nobody announced.
 */
export function isBroken(bytes: Buffer): boolean {
  const text = bytes.toString('latin1', 0, reach)
  if (!/\r?\n\r?\n/.test(text)) return true
  const announced = new Set<string>()
  for (const [header] of text.matchAll(/^content-type[ \t]*:[ \t]*multipart\/[^\n]*(?:\n[ \t][^\n]*)*/gim)) {
    const named = /boundary[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)+)"|([^\s;"]+))/i.exec(header)
    if (!named) return true
    announced.add((named[1] ?? named[2] ?? '').replace(/\\(.)/g, '$1'))
  }
  for (const border of announced) if (bytes.lastIndexOf(`--${border}--`, undefined, 'latin1') === -1) return true
  for (const [, border = ''] of text.matchAll(/^--(\S[^\r\n]{4,75}?)[ \t]*\r?\n(?=content-[a-z-]+[ \t]*:)/gim)) {
    if (!announced.has(border)) return true
  }
  return false
}
