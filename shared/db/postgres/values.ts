/**
 * Values on their way to Postgres and back, so that a caller finds what SQLite would give: whole numbers are numbers, truth
 * is 1 and 0, bytes are a `Uint8Array`. Everything travels as text but bytes, which go out as they are.
 */
import pg from 'pg'

const { types } = pg

/** Numbers of types, from the catalogue `pg_type`. */
const [boolean, bytes, int8, numeric, int8List, textList] = [16, 17, 20, 1700, 1016, 1009]
const readList = types.getTypeParser(textList, 'text') as (text: string) => (string | null)[]

const own: Readonly<Record<number, (text: string) => unknown>> = {
  [boolean]: text => (text === 't' ? 1 : 0),
  [bytes]: toBytes,
  [int8]: toNumber,
  // What `sum` makes of int8.
  [numeric]: toNumber,
  [int8List]: text => readList(text).map(item => (item === null ? null : toNumber(item))),
}

export function parserOf(type: number): (text: string) => unknown {
  return own[type] ?? types.getTypeParser(type, 'text')
}

function toNumber(text: string): number {
  const value = Number(text)
  if (Number.isInteger(value) && !Number.isSafeInteger(value))
    throw new RangeError('the database gave a whole number beyond 2^53')
  return value
}

function toBytes(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text.slice(2), 'hex'))
}

/**
 * A parameter in the shape of the protocol. Postgres keeps no U+0000 in text; U+FFFD takes its place here, so that places
 * in the text stay what they were and no document is refused for it. Throws a `TypeError` for what has no column type.
 */
export function toParameter(value: unknown): string | Buffer | null {
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  if (Array.isArray(value)) return `{${value.map(toItem).join(',')}}`
  return toText(value)
}

function toText(value: unknown): string | null {
  if (value === null) return null
  if (typeof value === 'string') return value.includes('\0') ? value.replaceAll('\0', '\ufffd') : value
  if (typeof value === 'number' && !Number.isNaN(value)) return String(value)
  if (typeof value === 'boolean') return value ? '1' : '0'
  if (typeof value === 'bigint' && BigInt.asIntN(64, value) === value) return String(value)
  const what = typeof value === 'object' ? Object.prototype.toString.call(value) : `${typeof value} ${String(value)}`
  throw new TypeError(`Postgres cannot store this parameter: ${what}`)
}

function toItem(value: unknown): string {
  if (value instanceof Uint8Array) return `"\\\\x${Buffer.from(value).toString('hex')}"`
  const text = toText(value)
  if (text === null) return 'null'
  return typeof value === 'string' ? `"${text.replace(/["\\]/g, '\\$&')}"` : text
}
