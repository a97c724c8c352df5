/** Bytes of a name in most file systems. */
const longestName = 255
/** UTF-16 units. */
const longestPath = 1000
/** So many are looked at, from the end: a path comes from strangers, and may be of any length. */
const reach = 10 * longestPath
/** An ending longer than this is part of the name. */
const longestEnding = 16

/**
 * A file's path as the library keeps it, the same wherever it came from: NFC, well-formed, one line, nothing that turns the
 * direction of the text, parts of at most 255 bytes that lead nowhere but down; empty where nothing is left. Of a path that
 * is too long, the outermost folders go. A backslash is a letter like any other: only Windows means a folder by it, and no
 * browser there hands it on.
 */
export function cleanPath(text: string): string {
  let path = ''
  for (const part of text.slice(-reach).split('/').reverse()) {
    const name = cleanName(part)
    if (name === '') continue
    if (path !== '' && path.length + 1 + name.length > longestPath) break
    path = path === '' ? name : `${name}/${path}`
  }
  return path
}

/** One part of a path; empty for what is none. */
export function cleanName(text: string): string {
  const clean = text
    .slice(0, reach)
    .toWellFormed()
    .normalize('NFC')
    .replace(/[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}]/gu, '')
    .replaceAll('/', '')
  if (['', '.', '..'].includes(clean.trim())) return ''
  return shortened(clean)
}

/** At most 255 bytes, whole letters, and the ending with them. */
function shortened(name: string): string {
  if (Buffer.byteLength(name) <= longestName) return name
  const dot = name.lastIndexOf('.')
  const ending = dot > 0 && name.length - dot <= longestEnding ? name.slice(dot) : ''
  const stem = [...name.slice(0, name.length - ending.length)].slice(0, longestName)
  while (Buffer.byteLength(stem.join('') + ending) > longestName) stem.pop()
  return stem.join('') + ending
}
