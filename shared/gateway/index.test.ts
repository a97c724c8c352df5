import { expect, test } from 'vitest'
import { noModels } from '../../tests/open-core.ts'
import { silent } from '../../tests/open-store.ts'
import { createWordEmbedder, embeddersOf } from '../../tests/word-embedder.ts'
import { createGateway } from './index.ts'

const never = <T>() => new Promise<T>(() => {})

test('a model that listens to no signal is not waited for', async () => {
  const deaf = createWordEmbedder({ before: () => never() })
  const gateway = createGateway({ models: embeddersOf([deaf]), log: silent })
  expect(await gateway.embedQuestion('words', 'question')).toBeUndefined()
  expect(deaf.calls).toHaveLength(1)
  const stopped = gateway.embedQuestion('words', 'question', AbortSignal.timeout(10))
  await expect(stopped).rejects.toMatchObject({ code: 'cancelled' })
  await expect(gateway.embedQuestion('words', 'question', AbortSignal.abort())).rejects.toMatchObject({
    code: 'cancelled',
  })
})

test('whether there is a ranking model is no question that a search waits or fails for', async () => {
  for (const reranking of [never<undefined>, () => Promise.reject(new Error('no')), async () => undefined]) {
    const gateway = createGateway({ models: { ...noModels, reranking }, log: silent })
    expect(await gateway.reranks()).toBe(false)
  }
})
