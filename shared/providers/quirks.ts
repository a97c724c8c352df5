/** What servers that speak “the same” language do not take: learned from their own words, for each of their models. */
import { APICallError, type SharedV4Warning } from '@ai-sdk/provider'

export interface Quirks {
  /** The request as this model takes it. */
  fit(body: Record<string, unknown>, warnings?: SharedV4Warning[]): Record<string, unknown>
  /** Whether the refusal taught something, so that the same is worth another try. */
  learn(error: unknown): boolean
}

/** What an answer can do without. */
const dispensable = ['reasoning_effort', 'temperature', 'stream_options', 'seed', 'top_p', 'stop'] as const

export function createQuirks(): Quirks {
  const refused = new Set<string>()

  return {
    fit(body) {
      const entries = Object.entries(body).flatMap(([name, value]): [string, unknown][] => {
        if (name === 'max_tokens' && refused.has(name)) return [['max_completion_tokens', value]]
        if (name === 'response_format' && refused.has(name)) return [[name, { type: 'json_object' }]]
        return refused.has(name) ? [] : [[name, value]]
      })
      return Object.fromEntries(entries)
    },
    learn(error) {
      if (!APICallError.isInstance(error) || (error.statusCode !== 400 && error.statusCode !== 422)) return false
      const text = error.responseBody ?? ''
      const sent = (error.requestBodyValues ?? {}) as Record<string, unknown>
      const found = [...dispensable, 'max_tokens', 'response_format'].find(
        name => sent[name] !== undefined && !refused.has(name) && new RegExp(`\\b${name}\\b`).test(text),
      )
      // OpenAI's newer models name both in one sentence; the answer's length must stay bounded.
      if (found === undefined || (found === 'response_format' && !/json_schema/.test(JSON.stringify(sent[found]))))
        return false
      refused.add(found)
      return true
    },
  }
}
