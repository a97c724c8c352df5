import { afterText, chat, good, header, type Malformed, patched, withKeys, withTensor } from './tiny-models-broken.ts'
import { brokenKeys, brokenTensors, brokenVocabularies } from './tiny-models-malformed-content.ts'
import { u32 } from './write-gguf.ts'

/** Broken model files of every kind we know of, each a variant of a tiny model that loads. */
export function malformed(): Malformed[] {
  return [...brokenContainers(), ...brokenKeys(), ...brokenTensors(), ...brokenVocabularies()]
}

function brokenContainers(): Malformed[] {
  const inTensors = header.indexOf('output_norm.weight')
  const cuts: [string, number][] = [
    ['after the magic', 4],
    ['within the counts', 15],
    ['within the first key', 30],
    ['within the tokens', afterText('tokenizer.ggml.tokens') + 400],
    ['within the tensors', inTensors + 5],
    ['before the weights', header.length - 1],
    ['within the weights', header.length + 200],
    ['at the last weight', good.length - 40],
  ]
  const word = (at: number, value: number) => patched(at, bytes => void bytes.writeUInt32LE(value))
  const long = (at: number, value: bigint) => patched(at, bytes => void bytes.writeBigUInt64LE(value))
  const bigEndian = Buffer.from(good)
  bigEndian.writeUInt32BE(3, 4)
  const architecture = afterText('general.architecture')
  const tokens = afterText('tokenizer.ggml.tokens')
  const nameOfTensor = header.indexOf('output_norm.weight')
  const lastKey = header.lastIndexOf('tokenizer.chat_template')
  return [
    ...cuts.map(([where, length]) => ({
      name: `cut ${where}`,
      why: 'an interrupted download; llama.cpp maps the file and reads beyond its end',
      detail: 'truncated',
      bytes: good.subarray(0, length),
    })),
    { name: 'empty', why: 'no bytes at all', detail: 'not-gguf', bytes: Buffer.alloc(0) },
    {
      name: 'a web page',
      why: 'what a failed download leaves',
      detail: 'not-gguf',
      bytes: Buffer.from('<!doctype html>'),
    },
    { name: 'bad magic', why: 'another format', detail: 'not-gguf', bytes: word(0, 0x46554746) },
    { name: 'version 1', why: 'counts had 32 bits then', detail: 'version', bytes: word(4, 1) },
    { name: 'version 4', why: 'not written yet', detail: 'version', bytes: word(4, 4) },
    { name: 'big endian', why: 'every number is another one', detail: 'byte-order', bytes: bigEndian },
    {
      name: 'countless tensors',
      why: 'an allocation that the file only claims',
      detail: 'too-large',
      bytes: long(8, 2n ** 63n),
    },
    { name: 'countless keys', why: 'the same', detail: 'too-large', bytes: long(16, 2n ** 40n) },
    {
      name: 'a key too few',
      why: 'what follows is read as tensors',
      detail: 'tensor-shape',
      bytes: long(16, BigInt(Object.keys(chat.metadata).length - 1)),
    },
    {
      name: 'a string beyond the end',
      why: 'the same',
      detail: 'truncated',
      bytes: long(architecture + 4, 20_000_000n),
    },
    { name: 'an endless string', why: 'the same', detail: 'too-large', bytes: long(architecture + 4, 2n ** 64n - 1n) },
    { name: 'an endless array', why: 'the same', detail: 'too-large', bytes: long(tokens + 8, 2n ** 62n) },
    { name: 'an array of arrays', why: 'nesting without end', detail: 'structure', bytes: word(tokens + 4, 9) },
    {
      name: 'a type of value that is none',
      why: 'its length is unknown',
      detail: 'structure',
      bytes: word(architecture, 77),
    },
    {
      name: 'a key twice',
      why: 'readers differ in which one holds',
      detail: 'structure',
      bytes: Buffer.concat([
        header.subarray(0, 24),
        stringKey('general.name', 'a'),
        stringKey('general.name', 'b'),
        header.subarray(24),
      ]),
    },
    {
      name: 'a key that is no text',
      why: 'C ends it at the zero, others do not',
      detail: 'structure',
      bytes: patched(header.indexOf('general.architecture'), bytes => void bytes.writeUInt8(0xff)),
    },
    {
      name: 'a key of nothing',
      why: 'llama.cpp asserts that it is none',
      detail: 'structure',
      bytes: Buffer.concat([header.subarray(0, 24), stringKey('', 'a'), header.subarray(24)]),
    },
    {
      name: 'a tensor’s name that is no text',
      why: 'the same',
      detail: 'structure',
      bytes: patched(nameOfTensor, bytes => void bytes.writeUInt8(0)),
    },
    {
      name: 'a tensor’s name without end',
      why: 'names have 63 bytes',
      detail: 'structure',
      bytes: withTensor('output_norm.weight', { name: 'x'.repeat(80) }),
    },
    {
      name: 'an odd alignment',
      why: 'padding is computed with a mask',
      detail: 'structure',
      bytes: withKeys({ 'general.alignment': u32(24) }),
    },
    {
      name: 'no alignment',
      why: 'a division by it',
      detail: 'structure',
      bytes: withKeys({ 'general.alignment': u32(0) }),
    },
    {
      name: 'a template longer than the file',
      why: 'an allocation',
      detail: 'truncated',
      bytes: patched(
        lastKey + 'tokenizer.chat_template'.length + 4,
        bytes => void bytes.writeBigUInt64LE(BigInt(good.length)),
      ),
    },
  ]
}

/** Written in place of the first key: the counts are not mended, so it must be refused before they matter. */
function stringKey(key: string, value: string): Buffer {
  const size = (text: string) => {
    const bytes = Buffer.alloc(8)
    bytes.writeBigUInt64LE(BigInt(Buffer.byteLength(text)))
    return Buffer.concat([bytes, Buffer.from(text)])
  }
  return Buffer.concat([size(key), Buffer.from([8, 0, 0, 0]), size(value)])
}
