import type { Gateway } from './index.ts'
import type { Memo } from './memo.ts'

/** Questions that were asked before as vectors, without asking their model again; it must still be one that the project may ask. */
export function rememberVectors(
  { embedQuestion, mayEmbed }: Pick<Gateway, 'embedQuestion' | 'mayEmbed'>,
  memo: Memo,
): Gateway['embedQuestion'] {
  return async (fingerprint, question, signal, scope) => {
    if (!scope) return embedQuestion(fingerprint, question, signal)
    const about = [fingerprint, question]
    const begun = memo.begin(scope)
    const known = (await mayEmbed(scope, fingerprint)) ? await memo.recall(scope, about) : undefined
    if (typeof known === 'string') {
      const bytes = Buffer.from(known, 'base64')
      return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength))
    }
    const vector = await embedQuestion(fingerprint, question, signal, scope)
    const bytes = vector && Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength)
    if (bytes) void memo.keep(scope, about, bytes.toString('base64'), begun)
    return vector
  }
}
