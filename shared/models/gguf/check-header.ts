import { ARCHITECTURES, type Architecture, type Shape } from './architectures.ts'
import { createBreath } from './breath.ts'
import { checkKeys } from './check-keys.ts'
import { checkTokenizer } from './check-tokenizer.ts'
import { padded, type TensorTypeName } from './format.ts'
import { booleanAt, type GgufHeader, numberAt, textAt } from './header.ts'
import { invalid, unsupported } from './problem.ts'

/** What llama.cpp cannot multiply with: kept in the format for its own use. */
const NO_WEIGHTS: readonly TensorTypeName[] = ['Q8_1', 'Q8_K', 'I8', 'I16', 'I32', 'I64', 'F64']
const RANK = 4

/**
 * Whether llama.cpp can load the file, decided before it sees it: what is wrong ends its process (assertions, exceptions
 * nobody catches), or makes it read beyond the data. Refuses with `model-invalid` what is broken and with
 * `model-unsupported` what is only not in the table of `architectures.ts`; it rather refuses too much.
 * 250,000 tokens: 85 to 130 ms, the event loop free every 8 ms. What the weights themselves say is not looked at.
 */
export async function checkHeader(header: GgufHeader, fileSize = header.size): Promise<Shape> {
  const { name } = header
  const breath = createBreath()
  checkWhole(header)
  checkPositions(header, fileSize)
  const key = 'general.architecture'
  if (header.metadata.get(key) === undefined) throw invalid(name, 'key-missing', key)
  const prefix = textAt(header, key)
  if (prefix === undefined) throw invalid(name, 'key-invalid', key)
  const architecture = ARCHITECTURES.get(prefix)
  if (!architecture) throw unsupported(name, 'architecture', prefix.slice(0, 64))
  const split = header.metadata.get('split.count')
  if (split && split.type !== 'u16') throw invalid(name, 'key-invalid', 'split.count')
  const shape = checkKeys(header, architecture, prefix)
  checkTensors(header, architecture, shape)
  checkRole(header, architecture, prefix)
  await checkTokenizer(header, breath)
  return shape
}

/** What belongs to a model and is none by itself is a mistake that people make; it deserves its own word. */
function checkWhole(header: GgufHeader): void {
  const { name, metadata } = header
  // The library looks for the other parts by the name alone, too.
  const parts = Number(/-\d{5}-of-(\d{5})\.gguf$/i.exec(name)?.[1] ?? 1)
  if (parts > 1 || (numberAt(header, 'split.count') ?? 0) > 1 || metadata.get('split.count')?.type === 'array')
    throw unsupported(name, 'split')
  const type = textAt(header, 'general.type')
  // Source: `GGUFType` and `MODEL_ARCH.MMPROJ` in gguf-py/gguf/constants.py of llama.cpp.
  if (type === 'adapter' || type === 'mmproj' || textAt(header, 'general.architecture') === 'clip')
    throw unsupported(name, 'addition')
}

/** Each tensor's data begin where the one before ends, and all lie within the file. */
function checkPositions({ name, tensors, alignment, dataStart }: GgufHeader, fileSize: number): void {
  let expected = 0
  for (const tensor of tensors) {
    if (tensor.offset !== expected) throw invalid(name, 'tensor-position', tensor.name)
    if (dataStart + expected + tensor.size > fileSize) throw invalid(name, 'truncated', tensor.name)
    expected += padded(tensor.size, alignment)
  }
}

function checkTensors({ name, tensors }: GgufHeader, architecture: Architecture, shape: Shape): void {
  const left = new Map(tensors.map(tensor => [tensor.name, tensor]))
  const all = new Map(left)
  for (const expected of architecture.tensors(shape, tensor => all.get(tensor)?.shape[1])) {
    const found = left.get(expected.name)
    if (!found) {
      if (expected.optional) continue
      throw invalid(name, 'tensor-missing', expected.name)
    }
    left.delete(expected.name)
    const length = Math.max(expected.shape.length, found.shape.length)
    for (let index = 0; index < length; index++)
      if ((expected.shape[index] ?? 1) !== (found.shape[index] ?? 1)) throw invalid(name, 'tensor-shape', expected.name)
    const fits = expected.kind === 'vector' ? found.type === 'F32' : !NO_WEIGHTS.includes(found.type)
    if (!fits) throw invalid(name, 'tensor-type', expected.name)
  }
  for (const tensor of left.keys()) throw invalid(name, 'tensor-unknown', tensor)
}

/** What would be loaded, and then end the process when it is used. */
function checkRole(header: GgufHeader, architecture: Architecture, prefix: string): void {
  const { name } = header
  const pooling = numberAt(header, `${prefix}.pooling_type`)
  const ranks = header.tensors.some(({ name }) => name === 'cls.weight' || name === 'cls.output.weight')
  if (pooling === RANK && !ranks) throw invalid(name, 'tensor-missing', 'cls.output.weight')
  // A model that writes must not look ahead: llama.cpp asserts that such a prompt fits into one batch.
  if (!architecture.encoder && !pooling && booleanAt(header, `${prefix}.attention.causal`) === false)
    throw invalid(name, 'key-invalid', `${prefix}.attention.causal`)
}
