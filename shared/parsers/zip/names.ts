import iconv from 'iconv-lite'

// ä ö ü ß Ä Ö Ü é è à in Windows-1252. In the code pages of DOS these bytes are Greek letters, lines and signs of
// mathematics, which nobody has in a file's name.
const WINDOWS = new Set([0xe4, 0xf6, 0xfc, 0xdf, 0xc4, 0xd6, 0xdc, 0xe9, 0xe8, 0xe0])

/**
 * A name that its archive does not call UTF-8. What is UTF-8 all the same is taken as such; then come the code page that
 * German Windows has always written (850, whose letters are those of 437 and more of them), and Windows-1252, which some
 * programs write against the format's rules.
 */
export function decodeName(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    const high = bytes.filter(byte => byte >= 0x80)
    const windows = high.every(byte => WINDOWS.has(byte))
    return iconv.decode(Buffer.from(bytes), windows ? 'windows-1252' : 'cp850')
  }
}
