import { describe, expect, it } from 'vitest'
import { isPlainModelName } from './file-name.ts'
import { pairContext, textContext } from './fit.ts'
import { ARCHITECTURES } from './gguf/architectures.ts'
import { prefixesOf } from './gguf/prefixes.ts'
import {
  defaultOffer,
  type ModelOffer,
  modelOffers,
  networkOfOffer,
  offerOf,
  readOffers,
  sourceOf,
} from './known-models.ts'
import { memoryOf } from './memory-need.ts'

const GiB = 2 ** 30
const each = modelOffers.map(offer => [offer.id, offer] as const)

describe('the catalog of models', () => {
  it('has a dozen, each once, and one to begin with for each role', () => {
    expect(modelOffers.length).toBeGreaterThanOrEqual(12)
    for (const of of [(offer: ModelOffer) => offer.id, (offer: ModelOffer) => offer.source.file.toLowerCase()])
      expect(new Set(modelOffers.map(of)).size).toBe(modelOffers.length)
    for (const role of ['chat', 'embedding', 'reranking'] as const)
      expect(modelOffers.filter(offer => offer.role === role && offer.default)).toEqual([defaultOffer(role)])
    expect(defaultOffer('chat').id).toBe('qwen3-0.6b')
    expect(defaultOffer('embedding').id).toBe('multilingual-e5-small')
    const chat = modelOffers.filter(({ role }) => role === 'chat').map(({ machine }) => machine)
    expect(chat).toEqual(expect.arrayContaining([4, 8, 16, 32]))
    expect(chat).toEqual(chat.toSorted((a, b) => a - b))
  })

  it.each([
    ['a licence that does not let everybody use it', { licence: 'CC-BY-NC-4.0' }],
    [
      'an address that anybody on the way can change',
      { sources: [{ facts: ['x'], how: 'page', url: 'http://x.org' }] },
    ],
    ['one language only', { goodFor: { en: 'Good.' } }],
    ['no text', { goodFor: { en: 'Good.', de: ' ' } }],
    ['a file that leads elsewhere', { source: { repository: 'a/b', file: '../b.gguf' } }],
    ['a checksum that is none', { source: { repository: 'a/b', file: 'b.gguf', sha256: 'abc' } }],
    ['a field that nobody reads', { ram: 8 }],
  ])('refuses %s', (_, wrong) => {
    const [first] = modelOffers
    expect(() => readOffers({ models: [first] })).not.toThrow()
    expect(() => readOffers({ models: [{ ...first, ...wrong }] })).toThrow()
  })

  it('gives a source by name, and none for another', () => {
    expect(sourceOf(' Qwen3-0.6B ')).toEqual({
      urls: [
        'https://huggingface.co/Qwen/Qwen3-0.6B-GGUF/resolve/23749fefcc72300e3a2ad315e1317431b06b590a/Qwen3-0.6B-Q8_0.gguf',
        'https://huggingface.co/Qwen/Qwen3-0.6B-GGUF/resolve/main/Qwen3-0.6B-Q8_0.gguf',
      ],
      file: 'Qwen3-0.6B-Q8_0.gguf',
      sha256: '9465e63a22add5354d9bb4b99e90117043c7124007664907259bd16d043bb031',
      size: 639446688,
    })
    for (const name of ['qwen3', '', 'https://huggingface.co/a/b/resolve/main/c.gguf', 'constructor'])
      expect(sourceOf(name)).toBeUndefined()
    expect(offerOf('bge-m3')?.name).toBe('BGE-M3')
  })

  it.each(each)('%s is one that we can run, as the catalog says', (_, offer) => {
    expect(isPlainModelName(offer.source.file)).toBe(true)
    const architecture = ARCHITECTURES.get(offer.architecture)
    expect(architecture).toBeDefined()
    expect(offer.shape.heads % offer.shape.headsKv).toBe(0)
    if (architecture?.headsFillEmbedding) expect(offer.shape.heads * offer.shape.headSize).toBe(offer.shape.embedding)
    expect(offer.source.file.toLowerCase()).toContain(offer.quantization.toLowerCase())
    const vectors = offer.role === 'embedding'
    expect(offer.dimensions).toBe(vectors ? offer.shape.embedding : undefined)
    expect(offer.pooling === 'rank').toBe(offer.role === 'reranking')
    expect(offer.pooling === undefined).toBe(offer.role === 'chat')
    // What the program will put before texts, by the file's name, must be what the catalog's makers read on the card.
    const { queryPrefix, passagePrefix } = offer
    expect({ queryPrefix, passagePrefix }).toEqual(
      vectors ? prefixesOf([offer.source.file]) : { queryPrefix: undefined, passagePrefix: undefined },
    )
  })

  // Size, checksum and shape come from different places. Only the right shape gives a file of this size, to 1 % of it.
  it.each(each)('the shape of %s gives its parameters and the size of its file', (_, offer) => {
    const { parameters, bytes } = weightsOf(offer)
    expect(parameters).toBe(offer.parameters)
    const size = offer.source.bytes!
    if (offer.quantization === 'Q8_0') {
      // What is left is the vocabulary: 6 MB of 152,000 tokens with their pairs, 7 MB of 250,000.
      expect(size - bytes).toBeGreaterThan(5e6)
      expect(size - bytes).toBeLessThan(8e6)
    } else {
      expect(offer.quantization).toBe('Q4_K_M')
      expect((size * 8) / parameters).toBeGreaterThan(4.7)
      expect((size * 8) / parameters).toBeLessThan(5.3)
    }
  })

  it.each(each)('%s leaves half of its machines to others', (_, offer) => {
    const contextSize = { chat: 4096, embedding: textContext, reranking: pairContext }[offer.role]
    const { needed } = memoryOf(networkOfOffer(offer)!, { role: offer.role, contextSize, contexts: 1 })
    expect(needed).toBeLessThan((offer.machine * GiB) / 2)
  })

  it('counts weights and what a token keeps as their makers do', () => {
    expect(offerOf('qwen3-4b-instruct-2507')?.parameters).toBe(4_022_468_096)
    expect(offerOf('qwen3-8b')?.parameters).toBe(8_190_735_360)
    expect(offerOf('qwen3-14b')?.parameters).toBe(14_768_307_200)
    // Published for these files: 114,688 and 147,456 bytes a token.
    for (const [id, bytes] of [
      ['qwen3-0.6b', 114_688],
      ['qwen3-8b', 147_456],
    ] as const) {
      const network = networkOfOffer(offerOf(id)!)!
      const need = (contextSize: number) => memoryOf(network, { role: 'chat', contextSize, contexts: 1 }).needed
      expect(need(8192) - need(4096)).toBe(4096 * bytes)
    }
    const { source, ...rest } = offerOf('bge-m3')!
    expect(networkOfOffer({ ...rest, source: { repository: source.repository, file: source.file } })).toBeUndefined()
  })
})

/** By the table of what llama.cpp demands: all numbers of the file, and its bytes if its matrices were all of Q8_0. */
function weightsOf({ architecture, role, context, shape }: ModelOffer): { parameters: number; bytes: number } {
  const { headSize, ownOutput } = shape
  const encodes = architecture === 'bert'
  const tensors = ARCHITECTURES.get(architecture)!.tensors(
    {
      ...shape,
      keyLength: headSize,
      valueLength: headSize,
      rotated: headSize,
      context,
      tokenTypes: 1,
      classes: encodes ? 1 : 2,
      dense2Out: 0,
      dense3In: 0,
    },
    name => (architecture === 'phi3' && name.endsWith('attn_qkv.weight') ? 1 : undefined),
  )
  const there = (name: string) =>
    name === 'output.weight' ? ownOutput === true : name.startsWith('cls') ? role === 'reranking' : encodes
  let parameters = 0
  let bytes = 0
  for (const { name, shape, kind, optional } of tensors) {
    if (optional && !there(name)) continue
    const numbers = shape.reduce((a, b) => a * b, 1)
    parameters += numbers
    bytes += numbers * (kind === 'matrix' && name !== 'position_embd.weight' ? 34 / 32 : 4)
  }
  return { parameters, bytes }
}
