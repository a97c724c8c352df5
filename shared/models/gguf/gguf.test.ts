import { createHash } from 'node:crypto'
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { malformed, scriptedChat, tinyEmbedder, tinyOf, tinyReranker } from '../../../scripts/tiny-models.ts'
import {
  f32s,
  type GgufModel,
  ggufBytes,
  headerBytes,
  i32s,
  string,
  strings,
  u32,
  writeGguf,
} from '../../../scripts/write-gguf.ts'
import { createTranslate, type MessageKey } from '../../messages/index.ts'
import { ARCHITECTURES } from './architectures.ts'
import { checkHeader } from './check-header.ts'
import { describeHeader, describeModel } from './describe.ts'
import { booleanAt, numberAt, numberOf, stringOf, textAt } from './header.ts'
import { prefixesOf } from './prefixes.ts'
import { PROBLEMS, UNSUPPORTED } from './problem.ts'
import { readHeader } from './read-header.ts'

let folder: string
let file: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gguf-'))
  file = join(folder, 'model.gguf')
})

afterAll(async () => {
  await rm(folder, { recursive: true })
})

describe('a header', () => {
  test('is read as it was written', async () => {
    await writeGguf(file, {
      metadata: {
        text: string('ä\0b'),
        'of.u8': { type: 'u8', value: 200 },
        'of.i8': { type: 'i8', value: -100 },
        'of.u16': { type: 'u16', value: 60_000 },
        'of.i16': { type: 'i16', value: -30_000 },
        'of.u32': u32(4_000_000_000),
        'of.i32': { type: 'i32', value: -2_000_000_000 },
        'of.f32': { type: 'f32', value: 0.5 },
        'of.u64': { type: 'u64', value: 2n ** 53n - 1n },
        'of.i64': { type: 'i64', value: -5 },
        'of.f64': { type: 'f64', value: 0.1 },
        'of.bool': { type: 'bool', value: true },
        words: strings(['', 'ein', 'Wörter']),
        numbers: i32s([-1, 7]),
        fractions: f32s([0.25]),
        nothing: strings([]),
        'general.alignment': u32(64),
      },
      tensors: [
        { name: 'a.weight', shape: [32, 3], type: 'Q8_0', data: new Float32Array(96) },
        { name: 'b.bias', shape: [5], type: 'F32', data: new Float32Array(5) },
      ],
    })
    const header = await readHeader(file)
    expect(textAt(header, 'text')).toBe('ä\0b')
    const numbers = ['u8', 'i8', 'u16', 'i16', 'u32', 'i32', 'f32', 'u64', 'i64', 'f64']
    expect(numbers.map(type => numberAt(header, `of.${type}`))).toEqual([
      200, -100, 60_000, -30_000, 4_000_000_000, -2_000_000_000, 0.5, 9_007_199_254_740_991, -5, 0.1,
    ])
    expect(booleanAt(header, 'of.bool')).toBe(true)
    const words = header.metadata.get('words')!
    if (words.type !== 'array') throw new Error('words are no array')
    expect([0, 1, 2].map(index => stringOf(header, words, index))).toEqual(['', 'ein', 'Wörter'])
    const list = header.metadata.get('numbers')!
    if (list.type !== 'array') throw new Error('numbers are no array')
    expect([numberOf(header, list, 0), numberOf(header, list, 1)]).toEqual([-1, 7])
    expect(header.tensors).toEqual([
      { name: 'a.weight', shape: [32, 3], type: 'Q8_0', offset: 0, size: 102 },
      { name: 'b.bias', shape: [5], type: 'F32', offset: 128, size: 20 },
    ])
    expect(header.dataStart % 64).toBe(0)
    expect(header.size - header.dataStart).toBe(128 + 64)
  })

  test('of 250,000 tokens is read and checked in slices, in less than a second of computing', async () => {
    const count = 250_000
    const model = tinyOf('qwen3')
    const tokens = Array.from({ length: count }, (_, i) => `token ${i}`)
    const tensors = model.tensors.map(tensor =>
      tensor.name === 'token_embd.weight'
        ? { ...tensor, shape: [16, count], type: 'Q8_0' as const, data: () => [] }
        : tensor,
    )
    await writeFile(
      file,
      headerBytes({
        metadata: {
          ...model.metadata,
          'tokenizer.ggml.tokens': strings(tokens),
          'tokenizer.ggml.token_type': i32s(tokens.map(() => 1)),
          'tokenizer.ggml.merges': strings(tokens.map((_, i) => `a${i} b`)),
        },
        tensors: tensors.map(tensor => ({ ...tensor, type: 'F32' as const })),
      }),
    )
    let turns = 0
    const turn = () => {
      turns++
      next = setImmediate(turn)
    }
    let next = setImmediate(turn)
    const before = process.cpuUsage()
    const header = await readHeader(file)
    await checkHeader(header, Number.MAX_SAFE_INTEGER)
    const { user } = process.cpuUsage(before)
    clearImmediate(next)
    expect(header.tensors[0]!.shape).toEqual([16, count])
    expect(turns).toBeGreaterThan(5)
    expect(user / 1000).toBeLessThan(1000)
  })

  test('that only claims much is refused without taking memory for it', async () => {
    const header = Buffer.alloc(64)
    header.write('GGUF')
    header.writeUInt32LE(3, 4)
    header.writeBigUInt64LE(0n, 8)
    header.writeBigUInt64LE(1n, 16)
    header.writeBigUInt64LE(1n, 24)
    header.write('k', 32)
    header.writeUInt32LE(9, 33)
    header.writeUInt32LE(8, 37)
    header.writeBigUInt64LE(4_000_000n, 41)
    await writeFile(file, header)
    const before = process.memoryUsage()
    await expect(readHeader(file)).rejects.toMatchObject({ code: 'model-invalid', values: { detail: 'truncated' } })
    const after = process.memoryUsage()
    expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(8 << 20)
  })

  test('must be that of a file', async () => {
    await expect(readHeader(join(folder, 'none.gguf'))).rejects.toMatchObject({ code: 'model-missing' })
    // A test may run as root, who may read everything: what goes in circles cannot be opened either.
    const circle = join(folder, 'circle.gguf')
    await symlink(circle, circle)
    await expect(readHeader(circle)).rejects.toMatchObject({ code: 'file-unreadable' })
    await expect(readHeader(folder)).rejects.toMatchObject({ code: 'model-invalid', values: { detail: 'not-gguf' } })
  })
})

describe('the check', () => {
  test.each([...ARCHITECTURES.keys()])('passes a whole model of %s', async architecture => {
    await writeGguf(file, tinyOf(architecture))
    const shape = await checkHeader(await readHeader(file))
    expect(shape).toMatchObject({ layers: 2, embedding: 16, heads: 2, keyLength: 8, context: 128 })
  })

  test.each(malformed())('refuses $name ($why)', async ({ bytes, detail }) => {
    await writeFile(file, bytes)
    const error = await describeModel(file).then(
      () => undefined,
      (error: unknown) => error,
    )
    expect(error).toMatchObject({
      code: (UNSUPPORTED as readonly string[]).includes(detail) ? 'model-unsupported' : 'model-invalid',
      values: { name: 'model.gguf', detail },
    })
  })

  test('knows vectors of biases and quantized weights as optional', async () => {
    const model = tinyOf('qwen2')
    const bias = { name: 'blk.0.attn_k.bias', shape: [8], type: 'F32' as const, data: new Float32Array(8) }
    await writeGguf(file, { ...model, tensors: [...model.tensors, bias] })
    await expect(checkHeader(await readHeader(file))).resolves.toBeDefined()
    await writeGguf(file, { ...model, tensors: [...model.tensors, { ...bias, shape: [4], data: new Float32Array(4) }] })
    await expect(checkHeader(await readHeader(file))).rejects.toMatchObject({ values: { detail: 'tensor-shape' } })
  })

  test('has a text for every reason', () => {
    for (const language of ['en', 'de'] as const) {
      const translate = createTranslate(language)
      for (const reason of [...PROBLEMS, ...UNSUPPORTED]) {
        const key: MessageKey = `models.problem.${reason}`
        expect(translate(key)).not.toBe(key)
      }
    }
  })
})

describe('a description', () => {
  const described = async (model: GgufModel) => {
    await writeGguf(file, model)
    return await describeModel(file)
  }

  test('tells what a model is for', async () => {
    expect(await described(scriptedChat('Ja.', { contextLength: 4096, name: 'Says yes' }))).toMatchObject({
      role: 'chat',
      name: 'Says yes',
      architecture: 'qwen3',
      contextSize: 4096,
      layers: 1,
      headCountKv: 1,
      keyLength: 32,
      quantization: 'F16',
      chatTemplate: expect.stringContaining('<|im_start|>'),
    })
    const embedder = await described(tinyEmbedder({ dimensions: 48, name: 'multilingual-e5-tiny' }))
    expect(embedder).toMatchObject({
      role: 'embedding',
      pooling: 'mean',
      embedding: { dimensions: 48, queryPrefix: 'query: ', passagePrefix: 'passage: ' },
    })
    expect(await described(tinyReranker())).toMatchObject({ role: 'reranking', pooling: 'rank' })
    const qwen = tinyOf('qwen3')
    const metadata = { ...qwen.metadata, 'qwen3.pooling_type': u32(3), 'general.name': string('Qwen3 Embedding 0.6B') }
    expect(await described({ ...qwen, metadata })).toMatchObject({
      role: 'embedding',
      pooling: 'last',
      embedding: { queryPrefix: expect.stringMatching(/^Instruct: .*\nQuery:$/), passagePrefix: '' },
    })
  })

  test('counts parameters and takes the file’s name where it has none', async () => {
    const model = tinyOf('bert')
    const { 'general.name': _, ...metadata } = model.metadata
    const found = await described({ ...model, metadata })
    expect(found.name).toBe('model')
    expect(found.parameters).toBe(
      model.tensors.reduce((sum, { shape }) => sum + shape.reduce((product, length) => product * length, 1), 0),
    )
  })

  test('refuses an embedder whose vectors are longer than can be kept', async () => {
    await writeGguf(file, tinyEmbedder({ name: 'long' }))
    const header = await readHeader(file)
    const shape = await checkHeader(header)
    await expect(describeHeader(header, { ...shape, embedding: 8192 })).resolves.toBeDefined()
    await expect(describeHeader(header, { ...shape, embedding: 8193 })).rejects.toMatchObject({
      code: 'model-unsupported',
      values: { detail: 'dimensions' },
    })
  })

  test('has a fingerprint that changes with header, weights and prefixes', async () => {
    const model = tinyEmbedder({ name: 'bag' })
    const first = await described(model)
    expect((await described(model)).fingerprint).toBe(first.fingerprint)
    const renamed = await described(tinyEmbedder({ name: 'e5 bag' }))
    const other = await described(tinyEmbedder({ name: 'bag', seed: 2 }))
    const all = [first, renamed, other].flatMap(({ fingerprint, embedding }) => [fingerprint, embedding!.fingerprint])
    expect(new Set(all).size).toBe(6)
    // How passages are put before the model counts too: whoever changes it knows that all vectors are made anew.
    const { fingerprint, queryPrefix, passagePrefix } = renamed.embedding!
    const used = JSON.stringify([renamed.fingerprint, queryPrefix, passagePrefix, 1])
    expect(fingerprint).toBe(createHash('sha256').update(used).digest('hex'))
    // The last weight alone, which no header mentions.
    const bytes = ggufBytes(model)
    bytes[bytes.length - 40]! ^= 1
    await writeFile(file, bytes)
    expect((await describeModel(file)).fingerprint).not.toBe(first.fingerprint)
  })
})

test.each([
  ['multilingual-e5-small', 'query: ', 'passage: '],
  ['Multilingual E5 Small', 'query: ', 'passage: '],
  ['multilingual-e5-large-instruct', 'Instruct: ', ''],
  ['bge-m3', '', ''],
  ['bge-small-en-v1.5', 'Represent this sentence', ''],
  ['nomic-embed-text-v1.5', 'search_query: ', 'search_document: '],
  ['Qwen3-Embedding-0.6B', 'Instruct: ', ''],
  ['embeddinggemma-300M', 'task: search result | query: ', 'title: none | text: '],
  ['snowflake-arctic-embed-l-v2.0', 'query: ', ''],
  ['snowflake-arctic-embed-s', 'Represent this sentence', ''],
  ['jina-embeddings-v2-base-de', '', ''],
  ['all-MiniLM-L6-v2', '', ''],
  ['Qwen3-0.6B', '', ''],
])('%s wants its prefixes', (name, query, passage) => {
  const { queryPrefix, passagePrefix } = prefixesOf(['some folder', name])
  expect(queryPrefix.slice(0, query.length || undefined)).toBe(query)
  expect(passagePrefix).toBe(passage)
})
