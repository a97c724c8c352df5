import type { LanguageModelV4Prompt, LanguageModelV4StreamPart } from '@ai-sdk/provider'
import { AppError } from '../errors.ts'
import type { AnswerEvent, AnswerSentence, ChatModel, Citation } from '../model/index.ts'
import { addressesIn } from './addresses.ts'
import { type Cut, cutSentence } from './cut.ts'
import { declines } from './decline.ts'
import { readGround, type Source } from './ground.ts'
import { plainText, settledLength, visible } from './plain.ts'
import { findSupport } from './support.ts'
import { createThinkingFilter } from './thinking.ts'

/** What has been written so far; whoever asked for it may look at it whenever the writing ends, also by a stop or an error. */
export interface Written {
  sentences: AnswerSentence[]
  citations: Citation[]
  /** The sentence begun last, as shown. */
  draft: string
  /** It says, in its own words, that the sources do not hold the answer. */
  declined: boolean
}

export interface Writing {
  chat: ChatModel
  /** Of the answer, at most. */
  maxTokens: number
  prompt: LanguageModelV4Prompt
  sources: readonly Source[]
  question: string
  language: 'de' | 'en'
  /** The citation of a stretch of a source's chunk, if its document holds these very letters. */
  prove(source: Source, start: number, end: number): Promise<Citation | undefined>
  signal?: AbortSignal
}

/** Characters an answer may have per token that the model may write: what comes beyond was not asked for. */
const charactersPerToken = 16
/** How often a sentence may come again before the rest is left out. */
const repeats = 2

export const nothingWritten = (): Written => ({ sentences: [], citations: [], draft: '', declined: false })

/**
 * Streams what the model writes as drafts and checked sentences, and keeps it in `written`. Thinking is hidden, markup and addresses are
 * taken out, loops are cut. Throws what the model throws; `cancelled` at once when the signal says so, whatever the model does.
 */
export async function* write(writing: Writing, written: Written): AsyncGenerator<AnswerEvent, void> {
  const { chat, language, maxTokens, prompt, question, signal, sources } = writing
  const ground = readGround(sources)
  const addresses = addressesOf(sources)
  const knows = (address: string) => addresses.all.has(address)
  const thinking = createThinkingFilter()
  const seen = new Map<string, number>()
  /** Sentences that say that there is no answer; shown only when another follows. */
  let withheld: Cut[] = []
  let declined = false
  /** Written and made plain, not yet cut into sentences; and what cannot be made plain yet. */
  let plain = ''
  let raw = ''
  let length = 0

  const stop = new AbortController()
  const abortSignal = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal
  const parts = partsOf(chat, prompt, maxTokens, abortSignal)
  try {
    for await (const part of parts) {
      // Cut at its longest: to be seen as such.
      const cut = part.type === 'finish' && part.finishReason.unified === 'length'
      const delta = part.type === 'text-delta' ? part.delta : cut ? ' …' : ''
      if (delta === '') continue
      const { text, reset } = thinking.push(delta)
      if (reset) {
        Object.assign(written, nothingWritten())
        withheld = []
        declined = false
        seen.clear()
        plain = ''
        raw = ''
      }
      raw += text
      length += text.length
      if (length > maxTokens * charactersPerToken || loops(raw)) return yield* finish()
      if (!(yield* readOn(false))) return
    }
    raw += thinking.finish()
    yield* finish()
  } finally {
    stop.abort()
  }

  async function* finish(): AsyncGenerator<AnswerEvent, void> {
    yield* readOn(true)
    const said = written.sentences.some(sentence => sentence.supported)
    written.declined = !said && declined
    written.draft = ''
  }

  /** Makes plain what is settled and cuts off the sentences in it. False when the model only repeats itself. */
  async function* readOn(complete: boolean): AsyncGenerator<AnswerEvent, boolean> {
    const settled = complete ? raw.length : settledLength(raw)
    const feed = complete ? settled : raw.lastIndexOf('\n', settled - 1) + 1
    if (feed > 0) {
      plain += plainText(raw.slice(0, feed), knows)
      raw = raw.slice(feed)
    }
    // What stands on the line that is being written is made plain anew each time.
    let open = plainText(raw.slice(0, settled - feed), knows)
    for (;;) {
      const cut = cutSentence(plain + open, written.sentences.length + withheld.length === 0, language, complete)
      if (!cut?.finished) {
        // Which source it will cite is not known yet: no address is shown.
        const draft = plainText(cut?.text ?? '', () => false).trim()
        if (draft !== '' && draft !== written.draft) yield { type: 'draft', text: draft }
        written.draft = draft
        return true
      }
      const inPlain = Math.min(cut.length, plain.length)
      plain = plain.slice(inPlain)
      if (cut.length > inPlain) {
        // A sentence that ends inside the line: the rest of the line is settled too, as far as it is made plain.
        plain = open.slice(cut.length - inPlain)
        open = ''
        raw = raw.slice(settled - feed)
      }
      if (cut.text === '') continue
      const count = (seen.get(cut.text) ?? 0) + 1
      seen.set(cut.text, count)
      if (count > repeats) return false
      if (count > 1) continue
      if (declines(cut.text, language)) {
        declined = true
        withheld.push(cut)
        continue
      }
      for (const earlier of withheld) yield keep(earlier, [])
      withheld = []
      yield await check(cut)
    }
  }

  async function check(cut: Cut): Promise<AnswerEvent> {
    const cited = sources.filter(source => cut.cited.includes(source.number))
    const supportOf = (text: string) =>
      findSupport(text, language, ground, cited, question) ?? findSupport(text, language, ground, sources, question)
    const bare = plainText(cut.text, () => false)
    // An address that its source does not hold is taken out, and what is left may be true.
    const support = supportOf(cut.text) ?? (bare === cut.text ? undefined : supportOf(bare))
    const proofs: Citation[] = []
    const from = new Set<Source>()
    for (const { source, start, end } of support ?? []) {
      const proof = await writing.prove(source, start, end)
      // Half a proof is none.
      if (!proof) return keep(cut, [])
      proofs.push(proof)
      from.add(source)
    }
    return keep(cut, proofs, from)
  }

  function keep(cut: Cut, proofs: readonly Citation[], from: ReadonlySet<Source> = new Set()): AnswerEvent {
    // An address is shown where its own source is cited, nowhere else.
    const held = new Set([...from].flatMap(source => [...(addresses.by.get(source) ?? [])]))
    const text = plainText(cut.text, address => held.has(address)).trim()
    const fresh: Citation[] = []
    const citations = proofs.map(proof => {
      const known = written.citations.findIndex(
        ({ chunkId, quote }) => chunkId === proof.chunkId && quote === proof.quote,
      )
      if (known >= 0) return known
      fresh.push(proof)
      return written.citations.push(proof) - 1
    })
    const sentence = { text, lead: cut.lead, citations, supported: proofs.length > 0 }
    written.sentences.push(sentence)
    written.draft = ''
    return { type: 'sentence', sentence, citations: fresh }
  }
}

/** The parts of the answer, as long as nobody stops it. Throws when it ends without its end. */
async function* partsOf(
  chat: ChatModel,
  prompt: LanguageModelV4Prompt,
  maxOutputTokens: number,
  abortSignal: AbortSignal,
): AsyncGenerator<LanguageModelV4StreamPart, void> {
  const stopped = new Promise<never>((_, reject) => {
    const stop = () => reject(new AppError('cancelled'))
    if (abortSignal.aborted) stop()
    else abortSignal.addEventListener('abort', stop, { once: true })
  })
  // Whoever stops reading has no use for it.
  stopped.catch(() => {})
  const options = { prompt, maxOutputTokens, reasoning: 'none' as const, abortSignal }
  const { stream } = await Promise.race([chat.model.doStream(options), stopped])
  const reader = stream.getReader()
  try {
    for (;;) {
      const { done, value } = await Promise.race([reader.read(), stopped])
      if (done) throw new AppError('model-crashed')
      if (value.type === 'error') throw value.error
      if (value.type === 'finish') {
        if (value.finishReason.unified === 'error') throw new AppError('model-crashed')
        yield value
        return
      }
      yield value
    }
  } finally {
    reader.cancel().catch(() => {})
  }
}

/** The same few characters again and again at the end: a model that has lost itself. */
function loops(raw: string): boolean {
  const tail = raw.slice(-400)
  return tail.length === 400 && /^([\s\S]{1,40}?)\1{9,}[\s\S]{0,40}$/.test(tail.slice(tail.search(/\S/)))
}

function addressesOf(sources: readonly Source[]): { all: Set<string>; by: Map<Source, Set<string>> } {
  const by = new Map<Source, Set<string>>()
  for (const source of sources) {
    const { chunk } = source
    const text = visible([chunk.text, ...chunk.headings.map(heading => heading.text), chunk.file].join('\n'))
    by.set(source, new Set([...addressesIn(text)].map(({ address }) => address)))
  }
  return { all: new Set([...by.values()].flatMap(addresses => [...addresses])), by }
}
