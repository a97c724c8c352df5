/** Mails whose bytes nothing explains: of programs from before there was UTF-8. */

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

const textType = /^(content-type:[ \t]*text\/(?:plain|html)\b(?:[^\r\n]|\r?\n[ \t])*)/gim

/** Texts that name no encoding are called Windows-1252, which is what such mails were written in. */
export function withCharset(bytes: Buffer): Buffer {
  const text = bytes.toString('latin1')
  const end = /\r?\n\r?\n/.exec(text)?.index ?? text.length
  const typed = /^content-type:/im.test(text.slice(0, end))
  const named = text.replace(textType, header => (/charset/i.test(header) ? header : `${header}; charset=windows-1252`))
  return Buffer.from(typed ? named : `Content-Type: text/plain; charset=windows-1252\r\n${named}`, 'latin1')
}
