/** Text of a page that needs a second look. */
import type { Attributes } from './elements.ts'

// What stands for a picture that is decoration, or is a file's name.
const NO_MEANING =
  /^[^\p{L}\p{N}]*$|^(?:image|img|bild|foto|photo|picture|logo|icon|spacer|pixel|banner|graphic|grafik)s?$|^\S+\.(?:png|jpe?g|gif|svg|webp|bmp)$/iu

/** What a picture says to who cannot see it; nothing where it is decoration. */
export function pictureText({ alt, width, height }: Attributes): string {
  if (alt === undefined || Number(width ?? 99) <= 2 || Number(height ?? 99) <= 2) return ''
  const clean = alt.trim()
  return clean.length > 1 && !NO_MEANING.test(clean) ? clean : ''
}

/** What is written in a field of a form. */
export function fieldText({ type = 'text', value, placeholder }: Attributes): string {
  const written = /^(?:text|submit|button|reset|search|email|tel|url|number|date)$/i.test(type)
  return written ? value || placeholder || '' : ''
}

/** How many columns or rows a cell covers. */
export function spanOf(value: string | undefined): number {
  const number = Number.parseInt(value ?? '1', 10)
  return number > 1 ? Math.min(number, 1_000) : 1
}

/** Lines that `<br>` made go on as one text, except where they are items of a list. */
export function linesOf(raw: string): string[] {
  const lines = raw.split('\n')
  const parts: string[] = []
  let items = 0
  for (const line of lines) if (ITEM.test(line.trim())) items++
  for (const [index, line] of lines.entries()) {
    if (index === 0 || (items > 1 && ITEM.test(line.trim()))) parts.push(line)
    else parts[parts.length - 1] += ` ${line}`
  }
  return parts
}

export function cleanLines(raw: string): string {
  return raw
    .replace(/\r\n?/g, '\n')
    .split('\n')
    .map(line => line.replace(/[\p{Cc}]/gu, sign => (sign === '\t' ? '\t' : '')).replace(/[\s\u00a0]+$/, ''))
    .join('\n')
    .replace(/^\n+|\n+$/g, '')
    .replace(/\u00a0/g, ' ')
    .toWellFormed()
    .normalize('NFC')
}

// A line that begins like this is an item, however the list was made.
const ITEM = /^(?:[-–•*·▪]|\(?\d{1,3}[.)])\s+\S/
