import type { Seed } from './seeds.ts'
import { isSoundPdf } from './sound-pdf.ts'

/**
 * Why nobody could know that this mutated file was ever another, from its bytes alone; undefined where they show it. Only
 * formats without checksums have such; each condition is what a reader can check without knowing what the text was.
 */
export function whyTraceless({ kind }: Seed, bytes: Uint8Array): string | undefined {
  if (kind === 'pdf') return isSoundPdf(bytes) ? 'every object, length and operator is right' : undefined
  const text = decode(kind, bytes)
  if (text === undefined) return undefined
  switch (kind) {
    case 'txt':
    case 'txt of old Windows':
    case 'md':
    case 'json':
      return 'any text is a valid text'
    case 'csv': {
      const quotes = text.match(/"/g)?.length ?? 0
      if (quotes % 2 !== 0) return undefined
      const widths = new Set(
        text
          .replace(/"[^"]*"/g, '')
          .trimEnd()
          .split(/\r?\n/)
          .map(line => line.split(';').length),
      )
      return widths.size === 1 ? 'rows of the same width are a valid table' : undefined
    }
    case 'html':
      return /<\/html>\s*$/i.test(text)
        ? 'a page that ends as pages do; browsers take any tags in any order'
        : undefined
    case 'rtf':
      return balanced(text) ? 'its groups are balanced; RTF counts nothing else' : undefined
    default:
      return undefined
  }
}

/** Undefined where the bytes show that they are no text any more. */
function decode(kind: string, bytes: Uint8Array): string | undefined {
  const single = kind === 'txt of old Windows' || kind === 'rtf' || kind === 'csv'
  const text = single ? Buffer.from(bytes).toString('latin1') : utf8(bytes)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return text === undefined || /[\0-\x08\x0e-\x1f\x7f]/.test(text) ? undefined : text
}

function utf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}

function balanced(text: string): boolean {
  let depth = 0
  for (const [sign] of text.matchAll(/\\.|[{}]/gs)) {
    if (sign === '{') depth += 1
    if (sign === '}') depth -= 1
    if (depth < 0) return false
  }
  return depth === 0 && /\}\s*$/.test(text)
}
