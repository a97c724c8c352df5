const feed = 0x0a
const carriage = 0x0d
const dash = 0x2d
/** Bytes of a line of base64, from which on the next one is a line of its own. */
const lineSize = 64 * 1024

/**
 * Joins the lines of base64 in a mail, in place: the library keeps an object for each line, and a mail of 195 MB with lines
 * of 76 letters took more than 1 GiB.
 */
export function joinBase64(bytes: Buffer): Buffer {
  let write = 0
  let inBody = false
  let base64 = false
  let length = 0
  for (let at = 0; at < bytes.length; ) {
    const found = bytes.indexOf(feed, at)
    const next = found === -1 ? bytes.length : found + 1
    const dashes = bytes[at] === dash && bytes[at + 1] === dash
    const blank = next - at <= 2 && (bytes[at] === feed || bytes[at] === carriage)
    if (dashes) {
      inBody = false
      base64 = false
    } else if (!inBody) {
      if (blank) inBody = true
      else if (
        /^content-transfer-encoding[ \t]*:[ \t]*base64/i.test(bytes.toString('latin1', at, Math.min(next, at + 60)))
      ) {
        base64 = true
      }
    }
    // The end of the line before goes where another line of the same body follows.
    if (inBody && base64 && !blank && length > 0 && length < lineSize) {
      while (write > 0 && (bytes[write - 1] === feed || bytes[write - 1] === carriage)) write--
    }
    length = inBody && base64 && !blank ? length + next - at : 0
    if (length >= lineSize) length = 0
    bytes.copyWithin(write, at, next)
    write += next - at
    at = next
  }
  const { buffer, byteOffset } = bytes
  // Shortened where it is: there is no room for a second one.
  return buffer instanceof ArrayBuffer && byteOffset === 0
    ? Buffer.from(buffer.transfer(write))
    : bytes.subarray(0, write)
}
