import type { LanguageModelV4Prompt } from '@ai-sdk/provider'
import type { AnswerEvent, AnswerSentence, ChatModel, Citation } from '../model/index.ts'
import { addressesIn } from './addresses.ts'
import { type Cut, cutSentence } from './cut.ts'
import { declines } from './decline.ts'
import { type Ground, readGround, type Source } from './ground.ts'
import { openParts } from './parts.ts'
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
  /** Of the answer. */
  language: 'de' | 'en'
  /** The model's own when not said. */
  temperature?: number
  /** The citation of a stretch of a source's chunk, if its document holds these very letters. */
  prove(source: Source, start: number, end: number): Promise<Citation | undefined>
  signal?: AbortSignal
}

/** Characters an answer may have per token that the model may write: what comes beyond was not asked for. */
const charactersPerToken = 16
/** How often a sentence, or a few, may come again before the rest is left out. */
const repeats = 2
const longestRound = 8
/** More blanks than these are a loop. */
const mostBlanks = 400
/** An open line is read again when it has grown by this part of its length, or when nothing came for `pause` milliseconds. */
const growth = 32
const pause = 50
/** Milliseconds between two looks at what came: no eye is faster, and a small model writes ten tokens in that time. */
const frame = 20
/** Milliseconds of work at a time. */
const longestBreath = 10

export const nothingWritten = (): Written => ({ sentences: [], citations: [], draft: '', declined: false })

/**
 * Streams what the model writes as drafts and checked sentences, and keeps it in `written`. Thinking is hidden, markup and addresses are
 * taken out, loops are cut. Throws what the model throws; `cancelled` at once when the signal says so, whatever the model does.
 */
export async function* write(writing: Writing, written: Written): AsyncGenerator<AnswerEvent, void> {
  const { language, maxTokens, question, signal, sources } = writing
  const stop = new AbortController()
  const abortSignal = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal
  // First of all: the model reads the prompt in its own process while the sources are read here.
  const parts = openParts(writing, abortSignal)
  let grounds: Grounds | undefined
  const known = () => {
    grounds ??= { ground: readGround(sources), addresses: addressesOf(sources) }
    return grounds
  }
  const knows = (address: string) => known().addresses.all.has(address)
  const thinking = createThinkingFilter()
  /** Of all sentences, those too that are not shown; a model that has lost itself tells the last few again. */
  const told: string[] = []
  /** Sentences that say that there is no answer; shown only when another follows. */
  let withheld: Cut[] = []
  let declined = false
  /** Written and made plain, not yet cut into sentences; and what cannot be made plain yet. */
  let plain = ''
  let raw = ''
  let length = 0
  /** Blanks at the end of what was written, before they were made few. */
  let blanks = 0
  /** How long `raw` was when it was last read, and how long it must be to be read again at once. */
  let due = 0
  let breath = performance.now()
  /** When something was shown last. */
  let shown = Number.NEGATIVE_INFINITY
  /** Something waits for more to come. */
  let unread = false

  try {
    known()
    // Milliseconds that what came may wait for more.
    for (let waits: number | undefined; ; ) {
      await breathe()
      const part = await parts.next(waits)
      if (part === undefined) {
        waits = undefined
        if (!(yield* readOn(false))) return yield* finish()
        continue
      }
      // Cut at its longest: to be seen as such.
      const cut = part.type === 'finish' && part.finishReason.unified === 'length'
      const delta = part.type === 'text-delta' ? part.delta : cut ? ' …' : ''
      for (const piece of delta === '' ? [] : delta.split(TAGS)) {
        // What stands before a tag is read before it: then it is the same however the stream was cut.
        if (unread && TAGS.test(piece) && !(yield* readOn(false))) return yield* finish()
        // What was proven stays: readers have it, and count their citations by it.
        const { text, reset } = thinking.push(piece, written.citations.length === 0)
        if (reset) {
          Object.assign(written, nothingWritten())
          withheld = []
          declined = false
          told.length = 0
          plain = ''
          raw = ''
          due = 0
        }
        add(text)
        unread = true
        length += text.length
        if (length > maxTokens * charactersPerToken || blanks > mostBlanks || loops(raw)) return yield* finish()
        const since = performance.now() - shown
        if (raw.length < due && !text.includes('\n')) waits = pause
        else waits = since < frame ? Math.ceil(frame - since) : undefined
        if (waits === undefined && !(yield* readOn(false))) return yield* finish()
      }
      if (part.type === 'finish') break
    }
    add(thinking.finish())
    yield* finish()
  } finally {
    stop.abort()
    parts.end()
  }

  /** Others have their turn, however fast the model writes. */
  async function breathe(): Promise<void> {
    if (performance.now() - breath < longestBreath) return
    await new Promise<void>(resolve => setImmediate(resolve))
    breath = performance.now()
  }

  /** Runs of blanks, which expressions would go through again and again, become one; a line and an empty line stay. */
  function add(text: string): void {
    const end = text.trimEnd()
    blanks = text.length - end.length + (end === '' ? blanks : 0)
    const kept = raw.trimEnd()
    raw = kept + (raw.slice(kept.length) + text).replaceAll(BLANKS, fewer)
  }

  async function* finish(): AsyncGenerator<AnswerEvent, void> {
    yield* readOn(true)
    const said = written.sentences.some(sentence => sentence.supported)
    written.declined = !said && declined
    written.draft = ''
  }

  /** Makes plain what is settled and cuts off the sentences in it. False when the model only repeats itself: then nothing is left to read. */
  async function* readOn(complete: boolean): AsyncGenerator<AnswerEvent, boolean> {
    unread = false
    const settled = complete ? raw.length : settledLength(raw)
    const feed = complete ? settled : raw.lastIndexOf('\n', settled - 1) + 1
    if (feed > 0) {
      plain += plainText(raw.slice(0, feed), knows)
      raw = raw.slice(feed)
    }
    // What stands on the line that is being written is made plain anew each time; the longer it is, the less often.
    let open = plainText(raw.slice(0, settled - feed), knows)
    for (;;) {
      const cut = cutSentence(plain + open, written.sentences.length + withheld.length === 0, language, complete)
      if (!cut?.finished) {
        // Which source it will cite is not known yet: no address is shown.
        const draft = plainText(cut?.text ?? '', () => false).trim()
        const news = draft !== '' && draft !== written.draft
        // Whoever leaves now has seen it.
        written.draft = draft
        if (news) {
          shown = performance.now()
          yield { type: 'draft', text: draft }
        }
        due = raw.length + Math.floor(raw.length / growth)
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
      told.push(cut.text)
      if (goesRound(told)) {
        plain = ''
        raw = ''
        return false
      }
      if (told.at(-2) === cut.text) continue
      const { proofs, from } = await proofOf(cut)
      // "Rauchen ist nicht erlaubt, so der Text" sounds like it, and is an answer.
      if (proofs.length === 0 && declines(cut.text, language)) {
        declined = true
        withheld.push(cut)
        continue
      }
      for (const earlier of withheld) yield keep(earlier, [])
      withheld = []
      yield keep(cut, proofs, from)
      await breathe()
    }
  }

  async function proofOf(cut: Cut): Promise<{ proofs: Citation[]; from: ReadonlySet<Source> }> {
    const cited = sources.filter(source => cut.cited.includes(source.number))
    const { ground } = known()
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
      if (!proof) return { proofs: [], from: new Set() }
      proofs.push(proof)
      from.add(source)
    }
    return { proofs, from }
  }

  function keep(cut: Cut, proofs: readonly Citation[], from: ReadonlySet<Source> = new Set()): AnswerEvent {
    // An address is shown where its own source is cited, nowhere else.
    const held = new Set([...from].flatMap(source => [...(known().addresses.by.get(source) ?? [])]))
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
    shown = performance.now()
    written.sentences.push(sentence)
    written.draft = ''
    return { type: 'sentence', sentence, citations: fresh }
  }
}

/** What the sources say, and the addresses they hold. */
interface Grounds {
  ground: Ground
  addresses: ReturnType<typeof addressesOf>
}

/** The same few characters again and again at the end: a model that has lost itself. Blanks are counted apart. */
function loops(raw: string): boolean {
  const tail = raw.slice(-400)
  return tail.length === 400 && /^([\s\S]{1,40}?)\1{9,}[\s\S]{0,40}$/.test(tail.trimStart())
}

/** The last few sentences, one to eight of them, once more and once more. */
function goesRound(told: readonly string[]): boolean {
  for (let period = 1; period <= longestRound; period++) {
    const length = period * (repeats + 1)
    if (told.length < length) return false
    const last = told.slice(-length)
    if (last.every((text, at) => at < period || text === last[at - period])) return true
  }
  return false
}

/** Where a sign of thinking may begin. */
const TAGS = /(?=[<◁]|\[\/?(?:T|$))/i
const BLANKS = /\s+/g
const fewer = (run: string) => {
  const feed = run.indexOf('\n')
  if (feed < 0) return run.length === 1 ? run : ' '
  return run.includes('\n', feed + 1) ? '\n\n' : '\n'
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
