/** What went wrong with a server, in our codes; of what it said, nothing but numbers comes along: it may quote keys and texts. */
import {
  APICallError,
  EmptyResponseBodyError,
  InvalidResponseDataError,
  JSONParseError,
  TypeValidationError,
} from '@ai-sdk/provider'
import { AppError } from '../errors.ts'

export interface Circumstances {
  /** As people call the server. */
  name: string
  baseUrl: string
  model?: string
  /** It took longer than it is waited for. */
  late: boolean
  cancelled: boolean
  /** Something of an answer was there. */
  begun: boolean
}

/** Seconds that a server may ask to be left alone. */
const longestRest = 24 * 60 * 60

export function toFailure(error: unknown, circumstances: Circumstances): AppError {
  const { name, baseUrl, late, cancelled, begun } = circumstances
  if (cancelled) return new AppError('cancelled')
  if (late) return new AppError('provider-silent', { name })
  const chain = causesOf(error)
  const known = chain.find(cause => cause instanceof AppError)
  if (known instanceof AppError) return known
  const call = chain.find(cause => APICallError.isInstance(cause))
  if (APICallError.isInstance(call) && call.statusCode !== undefined) return ofStatus(call, circumstances)
  if (chain.some(isNonsense)) return caused('provider-strange', { name }, 'not what a server with models says')
  const code = chain.map(cause => (cause as { code?: unknown }).code).find(value => typeof value === 'string')
  if (begun) return caused('provider-broken', { name }, String(code ?? 'broken off'))
  return caused('provider-unreachable', { name, host: URL.parse(baseUrl)?.host ?? '' }, String(code ?? 'no connection'))
}

/** Of an error that came inside a stream: an object of the server's own. */
export function ofStreamError(error: unknown, circumstances: Circumstances): AppError {
  const { name, late, cancelled } = circumstances
  // A stream that ended without saying why.
  if (InvalidResponseDataError.isInstance(error) && !late && !cancelled)
    return caused('provider-broken', { name }, 'without an end')
  if (error instanceof Error) return toFailure(error, circumstances)
  const text = textOf(error)
  if (isTooLong(text)) return tooLong(text, circumstances)
  if (/rate.?limit|too many requests|\b429\b|quota/i.test(text)) return new AppError('provider-busy', { name })
  return caused('provider-failed', { name, status: Number(/\b[45]\d\d\b/.exec(text)?.[0] ?? 500) }, 'in its stream')
}

function ofStatus(call: APICallError, circumstances: Circumstances): AppError {
  const { name, model } = circumstances
  const { statusCode: status = 0, responseBody = '', responseHeaders = {} } = call
  const text = responseBody.slice(0, 4000)
  if (status < 300 && isConnection(call)) return caused('provider-broken', { name }, 'broken off')
  if (status < 300) return caused('provider-strange', { name }, `HTTP ${status}`)
  if (status === 401 || status === 403 || (status === 400 && /api[\s_-]?key/i.test(text)))
    return caused('provider-key', { name }, `HTTP ${status}`)
  if (status === 429) {
    const seconds = secondsOf(responseHeaders['retry-after'])
    return caused('provider-busy', { name, ...(seconds !== undefined && { seconds }) }, `HTTP ${status}`)
  }
  if (status === 408 || status === 504) return caused('provider-silent', { name }, `HTTP ${status}`)
  if (status >= 500) return caused('provider-failed', { name, status }, `HTTP ${status}`)
  if (isTooLong(text) || status === 413) return tooLong(text, circumstances)
  const speaksOfModel =
    /model/i.test(text) && /not[\s_]found|not exist|unknown|no such|invalid model|not supported/i.test(text)
  if (model !== undefined && (status === 404 || status === 400) && speaksOfModel)
    return caused('model-not-found', { name: model }, `HTTP ${status}`)
  if (status === 404 || status === 405 || status === 301 || status === 302)
    return caused('provider-strange', { name }, `HTTP ${status}`)
  return caused('provider-failed', { name, status }, `HTTP ${status}`)
}

/**
 * llama-server: “exceeds the available context size”, vLLM and OpenAI: “maximum context length is 8192 tokens”, Anthropic: “prompt
 * is too long: 210000 tokens > 200000 maximum”, xAI: “maximum prompt length is 131072”.
 */
const isTooLong = (text: string) =>
  /context[\s_-]?(?:length|size|window)|maximum (?:context|prompt)|prompt is too long|too many (?:input )?tokens|input (?:is )?too long/i.test(
    text,
  )

/** With the size, where it says it: whoever asked may know it from then on. */
function tooLong(text: string, { model = '' }: Circumstances): AppError {
  const said =
    /maximum (?:context|prompt) length (?:is|of) (\d+)|context (?:length|size|window)(?: is| of)? \(?(\d+)|> (\d+) maximum|"n_ctx": ?(\d+)/i.exec(
      text,
    )
  const size = Number(said?.slice(1).find(found => found !== undefined))
  return caused('model-input', { name: model, ...(size > 0 && { size }) }, 'too long for the context')
}

function secondsOf(header: string | undefined): number | undefined {
  if (header === undefined) return undefined
  const seconds = /^\d+(\.\d+)?$/.test(header.trim()) ? Number(header) : (Date.parse(header) - Date.now()) / 1000
  return Number.isFinite(seconds) ? Math.min(longestRest, Math.max(0, Math.ceil(seconds))) : undefined
}

const isConnection = (error: Error) =>
  causesOf(error.cause).some(cause => cause instanceof TypeError || (cause as { code?: unknown }).code !== undefined)

const isNonsense = (error: unknown) =>
  JSONParseError.isInstance(error) ||
  TypeValidationError.isInstance(error) ||
  InvalidResponseDataError.isInstance(error) ||
  EmptyResponseBodyError.isInstance(error)

function causesOf(error: unknown): unknown[] {
  const chain: unknown[] = []
  for (let at = error; at instanceof Error && chain.length < 10 && !chain.includes(at); at = at.cause) chain.push(at)
  return chain
}

function caused(code: AppError['code'], values: Record<string, string | number>, what: string): AppError {
  return new AppError(code, values, { cause: new Error(what) })
}

function textOf(error: unknown): string {
  try {
    return (JSON.stringify(error) ?? '').slice(0, 4000)
  } catch {
    return ''
  }
}
