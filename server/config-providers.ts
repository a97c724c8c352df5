import type { GuardSettings } from '../shared/gateway/guard.ts'
import type { ProviderKind } from '../shared/model/index.ts'
import { cleanAddress } from '../shared/workspace/provider-fields.ts'
import type { ConfiguredProvider } from '../shared/workspace/providers.ts'
import type { Environment, IgnoredSetting, NumberOf } from './config.ts'

/** Servers with models. */
export interface ProviderConfig {
  configured: readonly ConfiguredProvider[]
  /** What keys are kept under. */
  secretsKey?: string
  guard: GuardSettings
  /** Answers that one server gives at once. */
  concurrency: number
  /** References: a file's name, or `slug/model`. */
  chatModel?: string
  embeddingModel?: string
}

/** Each by the names that other programs know it by. */
export function providersOf(environment: Environment, number: NumberOf, ignored: IgnoredSetting[]): ProviderConfig {
  const text = (name: string) => environment[name]?.trim() || undefined
  const configured: ConfiguredProvider[] = []
  const add = (slug: string, kind: ProviderKind, name: string, variable: string, address: string, key?: string) => {
    try {
      const about = { slug, kind, name, variable, baseUrl: cleanAddress(address) }
      configured.push({ ...about, ...(key !== undefined && { key }) })
    } catch {
      ignored.push({ variable, given: address.replace(/\/\/[^/]*@/, '//…@').slice(0, 80), inForce: '–' })
    }
  }
  const [ollama, openai, openaiKey] = [text('OLLAMA_BASE_URL'), text('OPENAI_BASE_URL'), text('OPENAI_API_KEY')]
  const [anthropicKey, grokKey] = [text('ANTHROPIC_API_KEY'), text('GROK_API_KEY')]
  if (ollama) add('ollama', 'openai-compatible', 'Ollama', 'OLLAMA_BASE_URL', ollama)
  if (openai)
    add('openai', 'openai-compatible', new URL(safeUrl(openai)).hostname, 'OPENAI_BASE_URL', openai, openaiKey)
  else if (openaiKey)
    add('openai', 'openai-compatible', 'OpenAI', 'OPENAI_API_KEY', 'https://api.openai.com/v1', openaiKey)
  if (anthropicKey)
    add('anthropic', 'anthropic', 'Anthropic', 'ANTHROPIC_API_KEY', 'https://api.anthropic.com/v1', anthropicKey)
  if (grokKey) add('xai', 'xai', 'xAI', 'GROK_API_KEY', 'https://api.x.ai/v1', grokKey)
  const [secretsKey, chatModel, embeddingModel] = ['SECRETS_KEY', 'CHAT_MODEL', 'EMBEDDING_MODEL'].map(text)
  return {
    configured,
    ...(secretsKey !== undefined && { secretsKey }),
    guard: {
      failureThreshold: number('CIRCUIT_BREAKER_FAILURE_THRESHOLD', {
        otherwise: 5,
        least: 1,
        most: 1000,
        whole: true,
      }),
      resetTimeout: number('CIRCUIT_BREAKER_RESET_TIMEOUT', { otherwise: 30_000, least: 100, most: 3_600_000 }),
      retryAttempts: number('RETRY_MAX_ATTEMPTS', { otherwise: 2, least: 0, most: 10, whole: true }),
      retryInitial: number('RETRY_INITIAL_DELAY', { otherwise: 300, least: 1, most: 60_000 }),
      retryMax: number('RETRY_MAX_DELAY', { otherwise: 5000, least: 1, most: 300_000 }),
    },
    concurrency: number('PROVIDER_CONCURRENCY', { otherwise: 4, least: 1, most: 1000, whole: true }),
    ...(chatModel !== undefined && { chatModel }),
    ...(embeddingModel?.includes('/') && { embeddingModel }),
  }
}

const safeUrl = (address: string) => (URL.canParse(address) ? address : 'http://openai')
