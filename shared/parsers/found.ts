/** Files inside files: names that can do no harm, and bytes taken out into the folder of whoever asked. */
import { createWriteStream } from 'node:fs'
import { rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { AppError, reasonOf } from '../errors.ts'
import type { FoundFile, Reason } from '../model/index.ts'
import { formatOf } from './formats.ts'

/** Bytes of a name in most file systems. */
const longestName = 255
const longestPath = 1_000
/** An ending longer than this is part of the name. */
const longestEnding = 16

/** Letters of a path that are looked at: an archive may name its entries as long as it likes. */
const reach = 16 * longestPath

/**
 * A path that leads nowhere but down: no drive, no root, no `..`, nothing invisible, NFC; empty where nothing is left.
 * Both slashes separate: whoever writes an archive on Windows may use either.
 */
export function harmlessPath(text: string): string {
  const parts = text
    .slice(-reach)
    .toWellFormed()
    .normalize('NFC')
    .replaceAll('\\', '/')
    .replace(/^(?:\/\/[?.]\/)?[A-Za-z]:/, '')
    .split('/')
  // The end of a path tells more than its beginning.
  let path = ''
  for (const part of parts.reverse()) {
    const name = harmlessName(part)
    if (name === '') continue
    if (path !== '' && path.length + 1 + name.length > longestPath) break
    path = path === '' ? name : `${name}/${path}`
  }
  return path
}

/** One part of a path; empty for what is none. */
export function harmlessName(text: string): string {
  const clean = text
    .toWellFormed()
    .normalize('NFC')
    .replace(/[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}\ufeff\u200b]/gu, '')
    .replace(/[/\\]/g, '_')
    .replace(/\s+/g, ' ')
    .trim()
  if (/^\.+$/.test(clean)) return ''
  return shortened(clean)
}

/** At most 255 bytes, keeping the ending. */
function shortened(name: string): string {
  if (Buffer.byteLength(name) <= longestName) return name
  const ending = endingOf(name)
  let stem = [...name.slice(0, name.length - ending.length)]
  // Never more letters than bytes, so that a name of a million is cut at once.
  stem = stem.slice(0, longestName)
  while (Buffer.byteLength(stem.join('') + ending) > longestName) stem.pop()
  return stem.join('').trimEnd() + ending
}

function endingOf(name: string): string {
  const dot = name.lastIndexOf('.')
  return dot > 0 && name.length - dot <= longestEnding ? name.slice(dot) : ''
}

/** Numbers paths that come twice: `a.pdf`, `a (2).pdf`; names that differ in case alone are one on half of the machines. */
export function createNumbering(): (path: string) => string {
  const seen = new Map<string, number>()
  return path => {
    const key = path.toLowerCase()
    const count = (seen.get(key) ?? 0) + 1
    seen.set(key, count)
    if (count === 1) return path
    const slash = path.lastIndexOf('/') + 1
    const name = path.slice(slash)
    const ending = endingOf(name)
    const mark = ` (${count})`
    const stem = name.slice(0, name.length - ending.length)
    const numbered = shortened(stem + mark + ending)
    // A name that was full already lost its mark: the letters before it give way.
    const whole = numbered.endsWith(mark + ending)
      ? numbered
      : [...stem].slice(0, Math.floor(longestName / 4) - mark.length - ending.length).join('') + mark + ending
    const next = path.slice(0, slash) + whole
    seen.set(next.toLowerCase(), Math.max(1, seen.get(next.toLowerCase()) ?? 0))
    return next
  }
}

/** A file inside, as its container shows it. */
export interface Inside {
  /** As it stands in the container; may be any text. */
  path: string
  /** Why it stays where it is. */
  reason?: Reason
  /** Read once, and only if it is taken out. Throws an `AppError` for what is wrong with this one file. */
  bytes: () => AsyncIterable<Uint8Array> | Iterable<Uint8Array>
}

export interface Taker {
  /** The next file; undefined where it is known already. Throws what is wrong with the machine. */
  take(inside: Inside): Promise<FoundFile | undefined>
  /** Of files that were damaged, what could be had was taken out. */
  readonly damaged: boolean
}

/**
 * Takes files out one by one, in the order of the source. Those whose names no reader knows, and those with a reason, stay
 * where they are and say so. `without`: a name for those that have none.
 */
export function createTaker({
  after = 0,
  scratch,
  without = 'unnamed',
}: {
  after?: number | undefined
  scratch?: string | undefined
  without?: string
}): Taker {
  const numbered = createNumbering()
  let number = 0
  let damaged = false

  return {
    get damaged() {
      return damaged
    },
    async take({ path: given, reason, bytes }) {
      number += 1
      const path = numbered(harmlessPath(given) || without)
      if (number <= after) return undefined
      const name = path.slice(path.lastIndexOf('/') + 1)
      const found: FoundFile = { number, name, path }
      if (reason) return { ...found, reason }
      if (!formatOf(name)) return { ...found, reason: { code: 'unsupported-type', values: { name } } }
      if (scratch === undefined) return found
      const file = join(scratch, `file-${number}`)
      try {
        await pipeline(Readable.from(bytes(), { objectMode: false }), createWriteStream(file, { mode: 0o600 }))
        return { ...found, file }
      } catch (error) {
        if (!(error instanceof AppError) || !ofTheFile.has(error.code)) throw error
        const size = await stat(file).then(
          ({ size }) => size,
          () => 0,
        )
        if (error.code === 'damaged' && size > 0) {
          damaged = true
          return { ...found, file }
        }
        await rm(file, { force: true })
        return { ...found, reason: reasonOf(error) }
      }
    },
  }
}

/** Of one file inside: those after it may fare better, or tell the same. */
const ofTheFile: ReadonlySet<string> = new Set([
  'damaged',
  'password-protected',
  'password-wrong',
  'too-large',
  'archive-too-large',
])
