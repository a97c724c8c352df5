import iconv from 'iconv-lite'
import { headingOfName } from './docx-styles.ts'
import type { Properties } from './rtf-flow.ts'

export interface Font {
  name: string
  encoding: string | undefined
  symbols: boolean
}

export interface Style {
  name: string
  outline: number | undefined
  basedOn: number | undefined
}

// Styles that refer to one another in a circle end here.
const CHAIN = 20

/** The level of a heading, from 1; undefined for body text. */
export function headingOf({ style, outline }: Properties, styles: ReadonlyMap<number, Style>): number | undefined {
  if (outline !== undefined) return outline >= 0 && outline <= 8 ? outline + 1 : undefined
  let found = styles.get(style)
  for (let steps = 0; found && steps < CHAIN; steps++) {
    if (found.outline !== undefined) return found.outline <= 8 ? found.outline + 1 : undefined
    const level = headingOfName(found.name)
    if (level !== undefined) return level
    found = found.basedOn === undefined ? undefined : styles.get(found.basedOn)
  }
  return undefined
}

export function decode(bytes: Uint8Array, encoding: string): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return iconv.encodingExists(encoding) ? iconv.decode(buffer, encoding) : buffer.toString('latin1')
}
