/** Text without meaning but with the shape of German: words by Zipf's law, compounds, endings, small words in between. */
import type { Chunk } from '../shared/model/index.ts'
import { analyze } from '../shared/retrieve/analyze.ts'

export interface SyntheticText {
  /** A chunk of some 180 tokens. */
  chunk(position: number): Chunk
  /** A question of 4 to 10 words, small ones among them, as they stand side by side in a chunk. */
  question(chunk: Chunk): string
}

const smallWords =
  'der die das und in zu den mit von für ist im dem nicht ein eine als auch es an werden aus er hat dass sie nach wird bei einer um am sind noch wie einem über einen so zum war haben nur oder aber vor zur bis mehr durch man sein wurde sei'.split(
    ' ',
  )
const starts = 'b br d dr f fl g gr h k kl kr l m n p pf r s sch schl st str t tr v w z'.split(' ')
const vowels = 'a e i o u au ei ie ä ö ü'.split(' ')
const ends = 'b ch ck ft g k l ld lt m n nd ng nk r rg rt s st t tz'.split(' ')
const endings = ['', '', 'e', 'en', 'er', 'ung', 'ungen', 'lich', 'heit', 's']

/** The same seed gives the same text. */
export function createText({ seed, words = 60_000 }: { seed: number; words?: number }): SyntheticText {
  const random = createRandom(seed)
  const pick = <T>(list: readonly T[]) => list[Math.floor(random() * list.length)]
  const syllable = () => pick(starts) + pick(vowels) + pick(ends)
  const vocabulary = [...smallWords]
  const known = new Set(vocabulary)
  while (vocabulary.length < words) {
    const stem =
      random() < 0.3 && vocabulary.length > 1000
        ? pick(vocabulary) + syllable()
        : syllable() + pick(vowels) + pick(ends)
    const word = stem + pick(endings)
    const written = random() < 0.5 ? word[0].toUpperCase() + word.slice(1) : word
    if (known.has(written)) continue
    known.add(written)
    vocabulary.push(written)
  }
  // Zipf-Mandelbrot with the exponent of running text.
  const sums = new Float64Array(words)
  let sum = 0
  for (let rank = 0; rank < words; rank++) {
    sum += 1 / (rank + 2.7) ** 1.05
    sums[rank] = sum
  }
  const termsOf = vocabulary.map(word => analyze(word, 'de').map(token => token.term))

  function word(): number {
    const wanted = random() * sum
    let low = 0
    let high = words - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if (sums[middle] < wanted) low = middle + 1
      else high = middle
    }
    return low
  }

  return {
    chunk(position) {
      const ranks = Array.from({ length: 80 + Math.floor(random() * 50) }, word)
      const text = ranks.map(rank => vocabulary[rank]).join(' ')
      return {
        position,
        text,
        headings: [],
        pieces: [{ at: 0, segment: 1, block: position, from: 0, to: text.length, kind: 'paragraph' }],
        language: 'de',
        terms: ranks.flatMap(rank => termsOf[rank]),
        contextTerms: [],
      }
    },
    question({ text }) {
      const all = text.split(' ')
      const length = 4 + Math.floor(random() * 7)
      const from = Math.floor(random() * (all.length - length))
      return `Wie ${all.slice(from, from + length - 1).join(' ')}?`
    },
  }
}

export interface SyntheticVectors {
  dimensions: number
  /** Of length 1, near the middle of this cluster. */
  near(cluster: number): Float32Array
  /** Of length 1, near that one: what a question for it looks like. */
  around(vector: Float32Array): Float32Array
}

/** Clustered as texts on one subject are. The same seed gives the same vectors. */
export function createVectors({ seed, dimensions = 384 }: { seed: number; dimensions?: number }): SyntheticVectors {
  const random = createRandom(seed)
  const middles = new Map<number, Float32Array>()
  // The sum of four uniform numbers is near enough to normal.
  const noise = () => random() + random() + random() + random() - 2
  const moved = (from: Float32Array, by: number) => {
    const vector = from.map(value => value + by * noise())
    const length = Math.hypot(...vector)
    return vector.map(value => value / length)
  }
  const origin = new Float32Array(dimensions)
  return {
    dimensions,
    near(cluster) {
      const middle = middles.get(cluster) ?? moved(origin, 1)
      middles.set(cluster, middle)
      return moved(middle, 1 / Math.sqrt(dimensions))
    },
    around: vector => moved(vector, 1 / Math.sqrt(dimensions)),
  }
}

/** Mulberry32 (T. Ettinger, public domain): 32 bits of state are plenty for a bench. */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let value = Math.imul(state ^ (state >>> 15), state | 1)
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61)
    return ((value ^ (value >>> 14)) >>> 0) / 4_294_967_296
  }
}
