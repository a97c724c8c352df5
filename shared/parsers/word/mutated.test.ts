import { describe, expect, it } from 'vitest'
import { exampleDocx } from '../../../scripts/fixtures/docx.ts'
import { leaseText } from '../../../scripts/fixtures/lease.ts'
import { exampleOdt } from '../../../scripts/fixtures/odt.ts'
import { exampleRtf } from '../../../scripts/fixtures/rtf.ts'
import { AppError } from '../../errors.ts'
import { readBytes } from './fixture-reading.ts'

// MUTATIONS=100 for the whole; the suite takes a sample.
const COUNT = Number(process.env.MUTATIONS ?? 20)

/** Always the same numbers (mulberry32). */
function createRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let value = Math.imul(state ^ (state >>> 15), 1 | state)
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32
  }
}

function mutate(bytes: Uint8Array, seed: number): Uint8Array {
  const random = createRandom(seed)
  const at = (length = bytes.length) => Math.floor(random() * length)
  const copy = Uint8Array.from(bytes)
  switch (seed % 4) {
    case 0:
      for (let flips = 1 + at(8); flips > 0; flips--) copy[at()]! ^= 1 << at(8)
      return copy
    case 1:
      return copy.subarray(0, at())
    case 2: {
      const length = at(copy.length / 4)
      const from = at(copy.length - length)
      copy.copyWithin(at(copy.length - length), from, from + length)
      return copy
    }
    default: {
      const from = at()
      return Buffer.concat([copy.subarray(0, from), copy.subarray(from + at(200))])
    }
  }
}

function wordsOf(text: string): string[] {
  return (
    text
      .normalize('NFC')
      .toLowerCase()
      .match(/[\p{L}\p{N}]+/gu) ?? []
  )
}

describe.each([
  ['docx', exampleDocx()],
  ['odt', exampleOdt()],
  ['rtf', exampleRtf()],
])('a broken file: %s', (extension, seed) => {
  it('gives its text, or says what is lost, or a clear error', async () => {
    const silent: string[] = []
    for (let number = 0; number < COUNT; number++) {
      const started = performance.now()
      try {
        const { blocks, ending } = await readBytes(`a.${extension}`, mutate(seed, number + 1))
        const found = new Set(wordsOf(blocks.map(block => block.text).join(' ')))
        const words = wordsOf(leaseText())
        const recall = words.filter(word => found.has(word)).length / words.length
        // RTF has no checksums: text that was cut out or written over from elsewhere leaves no trace in it.
        const traceless = extension === 'rtf' && (number + 1) % 4 >= 2
        if (recall < 0.95 && !traceless && (ending.reasons ?? []).length === 0) silent.push(`${number}: ${recall}`)
      } catch (error) {
        if (!(error instanceof AppError)) throw new Error(`mutation ${number}`, { cause: error })
      }
      expect(performance.now() - started).toBeLessThan(10_000)
    }
    expect(silent).toEqual([])
  }, 600_000)
})
