import { describe, expect, it } from 'vitest'
import { shapedModel } from '../../scripts/shaped-model.ts'
import { tensorSize } from '../../scripts/write-gguf.ts'
import type { ModelEntry } from './catalog.ts'
import { fitTo, type Machine } from './fit.ts'
import { modelOffers, networkOfOffer, offerOf } from './known-models.ts'
import { lookAtMachine } from './machine.ts'
import { memoryOf, processBytes, repackedBytes } from './memory-need.ts'
import { offersHere } from './offered.ts'
import type { Held } from './supervise.ts'

const MiB = 2 ** 20
const GiB = 2 ** 30
const machineOf = (free: number, more: Partial<Machine> = {}): Machine => ({
  memory: 2 * free,
  free,
  cores: 4,
  threads: 3,
  ...more,
})
const network = (id: string) => networkOfOffer(offerOf(id)!)!

describe('the memory of a model', () => {
  // Measured on x64 with holes instead of weights, in MiB; the process held so much after a prompt and a side task.
  it.each([
    ['qwen3-0.6b', 'chat', 2048, 1, 1208],
    ['qwen3-0.6b', 'chat', 4096, 1, 1432],
    ['multilingual-e5-small', 'embedding', 512, 1, 846],
    ['multilingual-e5-small', 'embedding', 512, 2, 1341],
  ] as const)(
    'of %s for %s with %i tokens in %i contexts is near to what was measured',
    (id, role, contextSize, contexts, measured) => {
      const { resident } = memoryOf(network(id), { role, contextSize, contexts })
      expect(resident / MiB / measured).toBeGreaterThan(0.9)
      expect(resident / MiB / measured).toBeLessThan(1.1)
    },
  )

  it('is the sum of its parts', () => {
    const { weights, vocabulary, kept, buffers, needed } = memoryOf(network('qwen3-0.6b'), {
      role: 'chat',
      contextSize: 4096,
      contexts: 1,
    })
    // 112 KiB a token: 28 layers, 8 heads of 128 numbers of 16 bits, keys and values; 1,024 tokens are for side tasks.
    expect(kept).toBe((4096 + 1024) * 112 * 1024)
    expect(weights).toBe(639_446_688)
    expect(needed).toBe(weights + vocabulary + kept + buffers)
    // llama.cpp says 39.10 MiB for each of both, and 0.58 for what comes out.
    expect(buffers / MiB / (2 * (39.1 + 0.58))).toBeCloseTo(1, 1)
  })

  it('counts what llama.cpp copies into another order', () => {
    const { tensors } = shapedModel({
      architecture: 'llama',
      quantization: 'Q4_K_M',
      layers: 16,
      embedding: 2048,
      feedForward: 8192,
      heads: 32,
      headsKv: 8,
      headSize: 64,
      vocabulary: 128_256,
      context: 131_072,
    })
    const sized = tensors.map(tensor => ({ ...tensor, size: tensorSize(tensor) }))
    // As it says itself when it loads such a file: CPU_REPACK model buffer size = 445.50 MiB.
    expect(repackedBytes(sized, 'x64')).toBe(445.5 * MiB)
    expect(repackedBytes(sized, 'ppc64')).toBe(0)
  })

  it.each(modelOffers.filter(({ quantization }) => quantization === 'Q4_K_M').map(offer => [offer.id, offer] as const))(
    'knows nearly as much of %s before it is here',
    (_, { shape, architecture, context, id }) => {
      const { tensors } = shapedModel({
        ...shape,
        architecture: architecture as 'qwen3',
        quantization: 'Q4_K_M',
        context,
      })
      const sized = tensors.map(tensor => ({ ...tensor, size: tensorSize(tensor) }))
      const ratio = network(id).repacked / repackedBytes(sized, 'x64')
      expect(ratio).toBeGreaterThan(0.95)
      expect(ratio).toBeLessThan(1.05)
    },
  )
})

describe('fit', () => {
  const subject = { role: 'chat', network: network('qwen3-0.6b'), contextSize: 32_768 } as const

  it('takes the largest context that fits, and none that is hardly one', () => {
    const need = (contextSize: number) => memoryOf(subject.network, { role: 'chat', contextSize, contexts: 1 }).needed
    expect(fitTo(subject, machineOf(8 * GiB), 16_384)).toMatchObject({ fits: 'well', contextSize: 16_384 })
    expect(fitTo(subject, machineOf(need(16_384)), 16_384)).toMatchObject({ fits: 'tight', contextSize: 16_384 })
    expect(fitTo(subject, machineOf(need(16_384) - 1), 16_384)).toMatchObject({ fits: 'tight', contextSize: 8192 })
    expect(fitTo(subject, machineOf(need(6000) - 1), 6000)).toMatchObject({ fits: 'tight', contextSize: 4096 })
    expect(fitTo(subject, machineOf(need(2048)), 4096)).toMatchObject({ fits: 'tight', contextSize: 2048 })
    expect(fitTo(subject, machineOf(need(2048) - 1), 4096)).toMatchObject({ fits: 'no', need: need(2048) })
    // More than it was made for is not given.
    expect(fitTo({ ...subject, contextSize: 1000 }, machineOf(8 * GiB), 4096)).toMatchObject({ contextSize: 1000 })
  })

  it('gives a model that makes vectors as many contexts as leave room', () => {
    const embedder = { role: 'embedding', network: network('multilingual-e5-small'), contextSize: 512 } as const
    const contexts = (free: number) => fitTo(embedder, machineOf(free), 512)
    expect(contexts(8 * GiB)).toMatchObject({ fits: 'well', contexts: 3 })
    expect(contexts(2 * GiB)).toMatchObject({ fits: 'well', contexts: 2 })
    expect(contexts(0.8 * GiB)).toMatchObject({ fits: 'tight', contexts: 1 })
    expect(contexts(0.5 * GiB)).toMatchObject({ fits: 'no', contexts: 1 })
  })

  it('guesses how fast a machine reads weights', () => {
    const speed = (threads: number) =>
      fitTo(subject, machineOf(8 * GiB, { threads, readSpeed: 11e9 }), 4096).tokensPerSecond!
    // Measured on that machine: 9.5 and 15.5.
    expect(speed(1) / 9.5).toBeCloseTo(1, 0)
    expect(speed(2) / 15.5).toBeCloseTo(1, 0)
    expect(speed(16)).toBe(speed(4))
    expect(fitTo(subject, machineOf(8 * GiB), 4096).tokensPerSecond).toBeUndefined()
  })
})

describe('the catalog on a machine', () => {
  const here = (gigabytes: number, readSpeed = 10e9) =>
    offersHere([], machineOf(gigabytes * GiB, { readSpeed, threads: 4 }), { contextSize: 4096 })
  const recommended = (gigabytes: number, readSpeed?: number) =>
    here(gigabytes, readSpeed).flatMap(({ offer, recommended }) => (recommended ? [offer.id] : []))

  it('recommends what fits well and writes as fast as one reads', () => {
    expect(recommended(2)).toEqual(['qwen3-0.6b', 'multilingual-e5-small'])
    expect(recommended(6)).toEqual(['qwen3-4b-instruct-2507', 'multilingual-e5-small'])
    // Much memory, and slow.
    expect(recommended(24, 1e9)).toEqual(['qwen3-0.6b', 'multilingual-e5-small'])
    expect(recommended(24, 40e9)[0]).toBe('mistral-small-3.2-24b-instruct')
    expect(recommended(0.2)).toEqual([])
  })

  it('says why one does not fit, and which would', () => {
    const offers = here(4)
    const large = offers.find(({ offer }) => offer.id === 'qwen3-14b')!.fit!
    expect(large).toMatchObject({ fits: 'no', reason: { code: 'model-memory', values: { name: 'Qwen3 14B' } } })
    const smaller = offers.find(({ offer }) => offer.id === large.smaller)!
    expect(smaller.offer.role).toBe('chat')
    expect(smaller.fit!.fits).not.toBe('no')
    for (const { offer, fit } of offers)
      if (offer.role === 'chat' && fit!.fits !== 'no') {
        expect(fit!.smaller).toBeNull()
        expect(fit!.need).toBeLessThanOrEqual(smaller.fit!.need)
      }
    expect(here(0.2).find(({ offer }) => offer.default)!.fit).toMatchObject({ fits: 'no', smaller: null })
  })

  it('says the same of each, whichever of them are loaded', async () => {
    const system = 4.5 * GiB
    const loadedAs = (id: string, role: 'chat' | 'embedding', contextSize: number): [ModelEntry, Held] => {
      const { source } = offerOf(id)!
      const { weights, repacked } = network(id)
      const [key, name] = [`${source.file}:1`, source.file]
      const description = { role, network: network(id), contextSize: 32_768 } as ModelEntry['description']
      const granted = {
        weights: weights - repacked,
        all: memoryOf(network(id), { role, contextSize, contexts: 1 }).needed,
      }
      return [
        { path: name, size: 1, key, named: false, used: true, name, ...(description && { description }) },
        { file: { key, path: name, name, role, contextSize }, granted },
      ]
    }
    const pairs = [
      loadedAs('qwen3-4b-instruct-2507', 'chat', 8192),
      loadedAs('multilingual-e5-small', 'embedding', 512),
    ]
    const entries = pairs.map(([entry]) => entry)
    const seen = async (held: readonly Held[]) => {
      // Pages of the weights' files count as free.
      const loaded = held.reduce(
        (sum, { granted: { all, weights } }) => sum + all - weights,
        held.length && processBytes,
      )
      const reading = {
        platform: 'linux' as const,
        total: 8 * GiB,
        free: system - loaded,
        file: () => Promise.reject(new Error('ENOENT')),
      }
      const granted = held.map(one => one.granted)
      const machine = await lookAtMachine({ threads: 3, readSpeed: 11e9, held: granted }, reading)
      return offersHere(entries, machine, { contextSize: 8192, held })
    }
    const none = await seen([])
    expect(none.find(({ offer }) => offer.id === 'qwen3-4b-instruct-2507')!.fit!.fits).not.toBe('no')
    const all = pairs.map(([, held]) => held)
    for (const held of [all, all.slice(0, 1), all.slice(1)]) expect(await seen(held)).toEqual(none)
  })

  it('leaves room for the vectors of an older index, and takes that of an answering model that is replaced', () => {
    const held = (role: 'chat' | 'embedding'): Held => ({
      file: { key: 'old', path: 'old', name: 'old', role, contextSize: 512 },
      granted: { weights: GiB, all: 2 * GiB },
    })
    const free = (id: string, ...loaded: Held[]) =>
      offersHere([], machineOf(8 * GiB), { contextSize: 4096, held: loaded }).find(({ offer }) => offer.id === id)!.fit!
        .free
    expect(free('qwen3-0.6b') - free('qwen3-0.6b', held('embedding'))).toBe(2 * GiB)
    expect(free('qwen3-0.6b')).toBe(free('qwen3-0.6b', held('chat')))
    expect(free('multilingual-e5-small')).toBe(free('multilingual-e5-small', held('embedding')))
  })

  it('tells which are here', () => {
    const entry = { path: '', size: 1, key: '', named: false, used: true, name: 'qwen3-0.6B-q8_0.gguf' }
    const [found] = offersHere([entry], machineOf(GiB), { contextSize: 4096 })
    expect(found).toMatchObject({ installed: entry.name, used: true })
    const problem = { code: 'model-invalid' as const }
    const [broken] = offersHere([{ ...entry, used: false, problem }], machineOf(GiB), { contextSize: 4096 })
    expect(broken).toMatchObject({ installed: null, used: false })
  })
})
