import { createRandom } from './random.ts'

/** What a bad disk, a broken transfer or a careless hand makes of a file. */
export const mutationKinds = ['flipped', 'cut', 'zeroed', 'swapped', 'repeated', 'dropped'] as const
export type MutationKind = (typeof mutationKinds)[number]

/** The same bytes for the same number. Parts are up to a quarter of the file. */
export function mutate(bytes: Uint8Array, number: number): { kind: MutationKind; bytes: Uint8Array } {
  const random = createRandom(number * 7919 + 17)
  const below = (limit: number) => Math.floor(random() * Math.max(1, limit))
  const kind = mutationKinds[number % mutationKinds.length]
  const copy = Buffer.from(bytes)
  const length = 1 + below(copy.length / 4)
  const from = below(copy.length - length)
  switch (kind) {
    case 'flipped':
      for (let flips = 1 + below(64); flips > 0; flips--) copy[below(copy.length)] ^= 1 << below(8)
      return { kind, bytes: copy }
    case 'cut':
      return { kind, bytes: copy.subarray(0, 1 + below(copy.length)) }
    case 'zeroed':
      return { kind, bytes: copy.fill(0, from, from + length) }
    case 'swapped': {
      const to = below(copy.length - length)
      const [here, there] = [
        Buffer.from(copy.subarray(from, from + length)),
        Buffer.from(copy.subarray(to, to + length)),
      ]
      here.copy(copy, to)
      there.copy(copy, from)
      return { kind, bytes: copy }
    }
    case 'repeated':
      // Over what stood there.
      copy.copyWithin(below(copy.length - length), from, from + length)
      return { kind, bytes: copy }
    case 'dropped':
      return { kind, bytes: Buffer.concat([copy.subarray(0, from), copy.subarray(from + length)]) }
  }
}
