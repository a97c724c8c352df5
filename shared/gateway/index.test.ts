import { expect, test } from 'vitest'
import { noModels } from '../../tests/open-core.ts'
import { silent } from '../../tests/open-store.ts'
import { createWordEmbedder, embeddersOf } from '../../tests/word-embedder.ts'
import type { Provider } from '../model/index.ts'
import { createServers } from '../providers/servers.ts'
import { createGateway } from './index.ts'
import { createServerModels, type ReachableProviders } from './servers.ts'

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

test('whoever leaves waits for no server that is asked what it has', async () => {
  const provider: Provider = {
    slug: 'p',
    kind: 'openai-compatible',
    name: 'P',
    baseUrl: 'http://127.0.0.1:1/v1',
    source: 'user',
    here: true,
    key: 'none',
    keyHint: null,
    enabled: true,
    models: [],
    listedAt: null,
  }
  const control = new AbortController()
  const providers: ReachableProviders = {
    known: async () => [provider],
    referenceOf: async (_, reference) => reference,
    isOwn: async () => true,
    look: () => {
      control.abort()
      return never()
    },
    reach: async () => ({ provider, address: { kind: provider.kind, name: 'P', baseUrl: provider.baseUrl, fetch } }),
    reachConfigured: () => undefined,
  }
  const servers = createServerModels({ providers, servers: createServers(), settings: { patience: 2 ** 30 } })
  const gateway = createGateway({ models: noModels, log: silent, servers })
  const options = { model: 'p/tiny', signal: control.signal, waiting: () => {} }
  await expect(gateway.turn({ userId: 'local' }, options)).rejects.toMatchObject({ code: 'cancelled' })
})

test('whether there is a ranking model is no question that a search waits or fails for', async () => {
  for (const reranking of [never<undefined>, () => Promise.reject(new Error('no')), async () => undefined]) {
    const gateway = createGateway({ models: { ...noModels, reranking }, log: silent })
    expect(await gateway.reranks()).toBe(false)
  }
})
