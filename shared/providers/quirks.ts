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

interface Refusal {
  text: string
  /** The field that it is about, where the server says so. */
  field: string | undefined
}

/** OpenAI's way to say which field it is about is `error.param`. */
function refusalOf(body: string): Refusal {
  let param: unknown
  try {
    const given = JSON.parse(body) as { error?: { param?: unknown }; param?: unknown } | null
    param = given?.error?.param ?? given?.param
  } catch {
    // Others speak otherwise.
  }
  return { text: body, field: typeof param === 'string' && param !== '' ? param.replace(/[.[].*$/s, '') : undefined }
}

/** As servers say that they do not know a field; a bad value of one that they know is no peculiarity of theirs. */
const unwanted =
  "unsupported|unrecogni[sz]ed|unknown|unexpected|not[ _](?:support|permit|allow|recogni[sz]|implement)|n[’']t support|extra inputs|only the default"
/** Signs between the two. */
const nearby = 60

/** “stop” and “seed” are words as well: a text that only holds them somewhere is about something else. */
function isAbout({ text, field }: Refusal, name: string): boolean {
  // Also a schema that it cannot follow: it may know plain JSON.
  if (name === 'response_format') return (field ?? name) === name && /\bresponse_format\b/.test(text)
  if (field !== undefined) return field === name && new RegExp(unwanted, 'i').test(text)
  const called = `(?<![\\w-])${name}(?![\\w-])`
  const between = `[^.!?]{0,${nearby}}?`
  return new RegExp(`${called}${between}(?:${unwanted})|(?:${unwanted})${between}${called}`, 'i').test(text)
}

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
      const refusal = refusalOf(error.responseBody ?? '')
      const sent = (error.requestBodyValues ?? {}) as Record<string, unknown>
      const found = [...dispensable, 'max_tokens', 'response_format'].find(
        name => sent[name] !== undefined && !refused.has(name) && isAbout(refusal, name),
      )
      // OpenAI's newer models name both in one sentence; the answer's length must stay bounded.
      if (found === undefined || (found === 'response_format' && !/json_schema/.test(JSON.stringify(sent[found]))))
        return false
      refused.add(found)
      return true
    },
  }
}
