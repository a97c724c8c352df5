import { createHmac } from 'node:crypto'

/** RFC 6238, 30 s, six figures, SHA-1. */
export function totp(secret: string, time = Date.now()): string {
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(Math.floor(time / 30_000)))
  const digest = createHmac('sha1', fromBase32(secret)).update(counter).digest()
  const at = digest[19] & 15
  return String((digest.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, '0')
}

/** Half a minute on, whose code is taken too. */
export const nextStep = () => Date.now() + 30_000

function fromBase32(text: string): Buffer {
  const bits = [...text.replace(/=+$/, '')].map(sign =>
    'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(sign).toString(2).padStart(5, '0'),
  )
  return Buffer.from((bits.join('').match(/.{8}/g) ?? []).map(byte => Number.parseInt(byte, 2)))
}
