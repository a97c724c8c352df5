import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { AppError } from '../shared/errors.ts'
import type { Block, Segment } from '../shared/model/index.ts'
import { type Ending, formatOf, HEAD } from '../shared/parsers/formats.ts'
import { DEFAULT_LIMITS, type ParserLimits } from '../shared/parsers/protocol.ts'
import type { ParseEvent, ParseRequest, Parsers } from '../shared/ports.ts'

export interface ReadResult {
  segments: Segment[]
  blocks: Block[]
  ending: Ending
  notes: string[]
  /** What the parser had learned behind each segment: of the last that said so. */
  states: (string | undefined)[]
}

/** Reads bytes, or a file, as the format its name says; in this process. */
export async function readFormat(
  name: string,
  source: Uint8Array | string | { file: string },
  options: { after?: number; state?: string | undefined; password?: string; limits?: Partial<ParserLimits> } = {},
): Promise<ReadResult> {
  const folder = await mkdtemp(path.join(tmpdir(), 'cloister-format-'))
  try {
    const isFile = typeof source === 'object' && 'file' in source
    const file = isFile ? source.file : path.join(folder, 'file')
    if (!isFile) await writeFile(file, source)
    const format = formatOf(name)
    if (!format) throw new Error(`no format for ${name}`)
    const notes: string[] = []
    const opened = await format.open(file, {
      limits: { ...DEFAULT_LIMITS, ...options.limits },
      note: detail => notes.push(detail),
      ...(options.password !== undefined && { password: options.password }),
    })
    try {
      const segments: Segment[] = []
      const states: (string | undefined)[] = []
      const reading = opened.read(options.after ?? 0, options.state)
      for (;;) {
        const { value, done } = await reading.next()
        if (done) return { segments, blocks: segments.flatMap(segment => segment.blocks), ending: value, notes, states }
        if (!('segment' in value) || value.passed) continue
        segments.push(value.segment)
        states.push(value.state ?? states.at(-1))
      }
    } finally {
      await opened.close()
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/**
 * Reads it whole and then on from some of its segments, with what was known there, over a file whose beginning was
 * overwritten: what came must be the same. Gives how many of the segments had somewhere to go on from.
 */
export async function readOn(name: string, source: Uint8Array, { erased = 0, steps = 7 } = {}): Promise<number> {
  const whole = await readFormat(name, source)
  const damaged = Buffer.from(source).fill('#', 0, erased)
  const number = whole.segments.length
  for (let after = 1; after < number; after += Math.ceil(number / steps)) {
    const state = whole.states[after - 1]
    if (state === undefined) continue
    const rest = await readFormat(name, damaged, { after, state })
    assert.deepEqual(rest.segments, whole.segments.slice(after))
    assert.deepEqual(rest.ending, whole.ending)
  }
  return whole.states.filter(state => state !== undefined).length
}

/** The real readers, without their processes. */
export const parsersHere: Parsers = {
  async recognize() {
    throw new AppError('recognition-off')
  },
  mediaType: name => formatOf(name)?.mediaType,
  isContainer: name => formatOf(name)?.container === true,
  async *parse(request: ParseRequest): AsyncIterable<ParseEvent> {
    const format = formatOf(request.name)
    if (!format) throw new AppError('unsupported-type', { name: request.name })
    const { readFile } = await import('node:fs/promises')
    if (!format.matches((await readFile(request.file)).subarray(0, HEAD)))
      throw new AppError('type-mismatch', { type: format.mediaType })
    const { segments, ending } = await readFormat(request.name, { file: request.file }, { after: request.after })
    yield { type: 'start', mediaType: format.mediaType, paged: format.paged, segments: null }
    for (const segment of segments) yield { type: 'segment', segment }
    const { cut, reasons = [] } = ending
    yield { type: 'finish', segments: segments.at(-1)?.number ?? request.after, cut, reasons }
  },
  async close() {},
}

/** The same bytes each time: what a careless hand, a bad disk or a broken transfer makes of a file. */
export function mutate(bytes: Uint8Array, seed: number): Uint8Array {
  let state = (seed * 2_654_435_761 + 12_345) >>> 0
  const random = (below: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
  const copy = Buffer.from(bytes)
  switch (seed % 4) {
    case 0:
      for (let count = 0; count <= random(8); count++) copy[random(copy.length)]! ^= 1 << random(8)
      return copy
    case 1:
      return copy.subarray(0, 1 + random(copy.length))
    case 2: {
      const [from, to, length] = [random(copy.length), random(copy.length), random(200)]
      copy.copy(copy, to, from, Math.min(copy.length, from + length))
      return copy
    }
    default:
      return Buffer.concat([copy.subarray(0, random(copy.length)), copy.subarray(random(copy.length))])
  }
}
