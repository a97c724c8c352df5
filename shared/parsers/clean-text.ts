// Marks of direction and of width, hyphens that are not shown, what stands for an object, half of a pair.
const INVISIBLE =
  /\u034f|[\ufe00-\ufe0f]|[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffc]/g
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is to be removed
const CONTROLS = /[\u0000-\u0008\u000e-\u001f\u007f-\u0084\u0086-\u009f]/g
// Checked first: nearly all text needs none of this.
const PLAIN = /^[\x20-\x7e\u00a1-\u00ac\u00ae-\u02ff\u0370-\u0530\u2010-\u2027\u20a0-\u20cf]*$/

/** As the contract asks for: NFC, single spaces, no line breaks, nothing that cannot be seen. */
export function cleanText(text: string): string {
  const seen = PLAIN.test(text)
    ? text
    : text
        .replace(INVISIBLE, '')
        .replace(CONTROLS, '')
        .toWellFormed()
        .normalize('NFC')
        .replace(/[\s\u0085]/g, ' ')
  return (seen.includes('  ') ? seen.replace(/ {2,}/g, ' ') : seen).trim()
}
