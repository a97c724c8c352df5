/** Mails that do not say what their bytes are, or say it wrongly: of programs from before there was UTF-8, and of careless ones. */

// So much of a mail is looked through for what its parts say.
const REACH = 32 * 1024 ** 2

/**
 * The headers at the top as UTF-8, read as Windows-1252, where they are no UTF-8 already. Bodies keep their bytes: their
 * own headers say what they are, or `withCharset` does.
 */
export function asLatin(bytes: Buffer): Buffer {
  const end = /\r?\n\r?\n/.exec(bytes.toString('latin1', 0, Math.min(bytes.length, 2 * 1024 ** 2)))
  const headers = bytes.subarray(0, end?.index ?? Math.min(bytes.length, 2 * 1024 ** 2))
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(headers)
    return bytes
  } catch {
    const text = new TextDecoder('windows-1252').decode(headers)
    return Buffer.concat([Buffer.from(text), bytes.subarray(headers.length)])
  }
}

const textType = /^content-type:[ \t]*text\/(?:plain|html)\b(?:[^\r\n]|\r?\n[ \t])*/gim
const unicode = /charset[ \t]*=[ \t]*"?(?:utf-?8|us-ascii)"?/i

/**
 * Texts that name no encoding, or UTF-8 and whose bytes are none, are called Windows-1252, which is what such mails were
 * written in.
 */
export function withCharset(bytes: Buffer): Buffer {
  const text = bytes.toString('latin1')
  const end = /\r?\n\r?\n/.exec(text)?.index ?? text.length
  const typed = /^content-type:/im.test(text.slice(0, end))
  const named = text.replace(textType, (header, at: number) => {
    if (!/charset/i.test(header)) return `${header}; charset=windows-1252`
    if (!unicode.test(header) || at > REACH || isUnicode(bodyAt(text, at))) return header
    return header.replace(unicode, 'charset=windows-1252')
  })
  return Buffer.from(typed ? named : `Content-Type: text/plain; charset=windows-1252\r\n${named}`, 'latin1')
}

/** The bytes of the part one of whose headers stands here. */
function bodyAt(text: string, at: number): Buffer {
  const blank = /\r?\n\r?\n/g
  blank.lastIndex = at
  const gap = blank.exec(text)
  if (!gap) return Buffer.alloc(0)
  const start = gap.index + gap[0].length
  const next = text.indexOf('\n--', start)
  const body = text.slice(start, next === -1 ? undefined : next)
  const before = text.slice(
    Math.max(text.lastIndexOf('\n--', at), text.lastIndexOf('\n\n', at), text.lastIndexOf('\n\r\n', at), 0),
    gap.index,
  )
  const coding = /^content-transfer-encoding:[ \t]*([\w-]+)/im.exec(before)?.[1]?.toLowerCase()
  if (coding === 'base64') return Buffer.from(body, 'base64')
  if (coding !== 'quoted-printable') return Buffer.from(body, 'latin1')
  const plain = body.replace(/=\r?\n/g, '')
  return Buffer.from(
    plain.replace(/=([0-9A-Fa-f]{2})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16))),
    'latin1',
  )
}

/** Most of what is not ASCII is UTF-8: a text of which a little is broken stays what it says it is. */
function isUnicode(bytes: Buffer): boolean {
  const signs = bytes.toString('utf8').match(/[^\0-\x7f]/gu) ?? []
  return signs.filter(sign => sign === '\ufffd').length <= signs.length / 2
}

const latins = /charset[ \t]*=[ \t]*"?(iso-8859-1|iso-8859-15|latin-?1|windows-1252|cp-?1252|us-ascii)\b/gi

/**
 * Undoes what comes of bytes in UTF-8 that are called Latin-1, where the mail calls any of its parts so: as a whole, else line
 * by line, since one part may say it rightly and another wrongly. That words in Latin-1 are UTF-8 by chance, with a letter
 * of two bytes, happens as good as never.
 */
export function withoutMojibake(bytes: Buffer): (text: string) => string {
  const named = bytes.toString('latin1', 0, REACH).matchAll(latins)
  const encodings = new Set([...named].map(([, name = '']) => (/15$/.test(name) ? 'iso-8859-15' : 'windows-1252')))
  const tables = [...encodings].map(tableOf)
  return text => {
    if (!/[\u00c2-\u00f4]/.test(text)) return text
    for (const table of tables) {
      const whole = reread(text, table)
      if (whole !== undefined) return whole
    }
    return text.replace(/[^\r\n]*[\u00c2-\u00f4][^\r\n]*/g, line => {
      for (const table of tables) {
        const own = reread(line, table)
        if (own !== undefined) return own
      }
      return line
    })
  }
}

/** The byte of each sign. */
function tableOf(encoding: string): ReadonlyMap<string, number> {
  const signs = [...new TextDecoder(encoding).decode(Uint8Array.from({ length: 256 }, (_, byte) => byte))]
  return new Map(signs.map((sign, byte) => [sign, byte]))
}

/** The same bytes as UTF-8; undefined where they are none. */
function reread(text: string, table: ReadonlyMap<string, number>): string | undefined {
  const bytes = Buffer.alloc(text.length)
  for (let at = 0; at < text.length; at++) {
    const byte = table.get(text[at]!)
    if (byte === undefined) return undefined
    bytes[at] = byte
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}
