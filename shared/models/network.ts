import { ARCHITECTURES, type Shape } from './gguf/architectures.ts'
import { type GgufHeader, numberAt, textAt } from './gguf/header.ts'
import { type Network, repackedBytes } from './memory-need.ts'

/** Values of `pooling_type`. */
const lastPooling = 3
const rankPooling = 4

/** What of a checked file matters for memory. */
export function networkOf(header: GgufHeader, shape: Shape): Network {
  const architecture = textAt(header, 'general.architecture') ?? ''
  const encodes = ARCHITECTURES.get(architecture)?.encoder ?? false
  const pooling = numberAt(header, `${architecture}.pooling_type`)
  return {
    weights: header.size,
    repacked: repackedBytes(header.tensors),
    layers: shape.layers,
    keyWidth: shape.headsKv * shape.keyLength,
    valueWidth: shape.headsKv * shape.valueLength,
    embedding: shape.embedding,
    feedForward: shape.feedForward,
    vocabulary: shape.vocabulary,
    encodes,
    inSteps: !encodes && (pooling === lastPooling || pooling === rankPooling),
  }
}
