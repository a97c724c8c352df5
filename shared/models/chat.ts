/** A chat model that is loaded: prompts in, pieces of text out. Runs in the model process. */
import {
  type ChatHistoryItem,
  type LlamaContextSequence,
  type LlamaModel,
  type LlamaText,
  SpecialToken,
  type Token,
} from 'node-llama-cpp'
import { AppError } from '../errors.ts'
import { refuseLong } from './input.ts'
import { createPieces, type Piece } from './pieces.ts'
import type { ChatMessage, Results, Task } from './protocol.ts'
import type { ChatStyle } from './style.ts'
import { withTimeLimit } from './time-limit.ts'

export interface Control {
  /** Throws `cancelled` once nobody wants this any more. */
  check(): void
  /** It gets on. */
  progress(): void
  piece(piece: Piece): void
}

export interface LoadedChat {
  run(task: Extract<Task, { type: 'chat' }>, control: Control): Promise<Results['chat']>
}

export interface ChatOptions {
  style: ChatStyle
  contextSize: number
  threads: number
  /** Tokens between two chances to stop. On a CPU, 64 of a 0.6B model take a second; larger ones are hardly faster. */
  batchSize: number
}

/** A side task is a question and a few turns of its chat; its own small context costs a quarter of a second sequence. */
const rewriteContext = 1024
/** An answer shorter than this is none: a prompt that leaves less room is refused. */
const leastRoom = 32
/** Milliseconds for writing a prompt as the model's template wants it. */
const writeTime = 5_000
/** Models that cannot go back to an earlier token (recurrent ones) keep copies of their state: every so many tokens, this much memory. */
const checkpoints = { interval: 256, max: 16, maxMemory: 256 * 1024 * 1024 }

/**
 * The tokens are evaluated one after the other by the library's plain `evaluate`, not by its chat session: a session
 * re-renders its history, watches for functions and grammars and hides how many tokens of a prompt were known; what
 * an answer needs of that (template, stops, thoughts, half characters) is a page here.
 */
export async function openChat(model: LlamaModel, options: ChatOptions): Promise<LoadedChat> {
  const { style, batchSize } = options
  const sequences: Partial<Record<'answer' | 'rewrite', LlamaContextSequence>> = {}
  const special = createSpecials(model, style)

  // The library may make a context larger than it was asked for; what we promised is what counts.
  const sizes = { answer: options.contextSize, rewrite: Math.min(rewriteContext, options.contextSize) }

  async function open(name: 'answer' | 'rewrite'): Promise<LlamaContextSequence> {
    const context = await model.createContext({
      contextSize: sizes[name],
      threads: options.threads,
      batchSize,
      // On a CPU it reads prompts a fifth faster and writes a tenth slower (Qwen3 0.6B, 512 tokens deep); a cold question waits
      // for the prompt.
      flashAttention: 'auto',
      // The whole prefix can be kept also where a model looks back over a window only.
      swaFullCache: true,
      ignoreMemorySafetyChecks: true,
    })
    return context.getSequence({ checkpoints })
  }

  /** Leaves in the sequence what it shares with the prompt; the last token is always read anew, for what comes next. */
  async function align(sequence: LlamaContextSequence, tokens: Token[]): Promise<void> {
    const { firstDifferentIndex } = sequence.compareContextTokens(tokens)
    const keep = Math.min(firstDifferentIndex, tokens.length - 1)
    if (keep >= sequence.nextTokenIndex) return
    // Going back would read up to that place again in one go, with no chance to stop.
    if (sequence.getRestoreToPrefixIndexEvaluationSize(keep) > batchSize) await sequence.clearHistory()
    else await sequence.eraseContextTokenRanges([{ start: keep, end: sequence.nextTokenIndex }])
  }

  /** The wrappers begin some formats with a token of their own that only some models of that format were taught. */
  function tokenize(text: LlamaText): Token[] {
    const tokens = text.tokenize(model.tokenizer)
    const { bos, shouldPrependBosToken } = model.tokens
    if (bos === null) return tokens
    const rest = tokens[0] === bos ? tokens.slice(1) : tokens
    return shouldPrependBosToken || style.begins ? [bos, ...rest] : rest
  }

  sequences.answer = await open('answer')
  return {
    async run(task, control) {
      sequences[task.sequence] ??= await open(task.sequence)
      const sequence = sequences[task.sequence]!
      const size = sizes[task.sequence] - 1
      refuseLong(
        task.messages.reduce((sum, { text }) => sum + text.length, 0),
        size,
      )
      const { contextText, stopGenerationTriggers } = write(task.messages)
      const tokens = tokenize(contextText)
      const room = size - tokens.length
      if (room < Math.min(leastRoom, task.maxTokens))
        throw new AppError('model-input', { tokens: tokens.length, limit: size - leastRoom })

      const before = evaluated(sequence)
      await align(sequence, tokens)
      let at = sequence.nextTokenIndex
      const usage = { prompt: tokens.length, cached: at - (evaluated(sequence) - before), generated: 0, reasoning: 0 }
      for (; tokens.length - at > batchSize; at += batchSize) {
        control.check()
        await sequence.evaluateWithoutGeneratingNewTokens(tokens.slice(at, at + batchSize))
        control.progress()
      }
      control.check()
      await sequence.takeCheckpoint()

      const prompt = contextText.toString().trimEnd()
      const pieces = createPieces({
        thoughts: style.thoughts,
        thinking: style.thoughts.some(({ open }) => prompt.endsWith(open)),
        dropped: style.dropped,
        stops: [...task.stops, ...stopGenerationTriggers.map(textOf)],
      })
      const read = createReader(model, special)
      const limit = Math.min(task.maxTokens, room)
      const { temperature, topP, topK, seed } = task
      let finish: Results['chat']['finish'] = 'stop'
      for await (const token of sequence.evaluate(tokens.slice(at), {
        temperature,
        ...(topP !== undefined && { topP }),
        ...(topK !== undefined && { topK }),
        ...(seed !== undefined && { seed }),
      })) {
        usage.generated++
        if (pieces.thinking) usage.reasoning++
        const shown = pieces.push(read(token))
        if (shown.length === 0) control.progress()
        for (const piece of shown) control.piece(piece)
        if (pieces.stopped) break
        control.check()
        if (usage.generated >= limit) {
          finish = 'length'
          break
        }
      }
      for (const piece of pieces.end()) control.piece(piece)
      return { finish, usage }
    },
  }

  function write(messages: readonly ChatMessage[]) {
    const history = messages.map(({ role, text }): ChatHistoryItem => {
      if (role === 'assistant') return { type: 'model', response: [text] }
      return { type: role, text }
    })
    const opening: ChatHistoryItem = { type: 'model', response: [...style.opening] }
    try {
      return withTimeLimit(writeTime, () => style.wrapper.generateContextState({ chatHistory: [...history, opening] }))
    } catch (error) {
      // A template may refuse a conversation: no system message, two questions in a row.
      throw new AppError('model-unsupported', { detail: 'template' }, { cause: error })
    }
  }
}

/** Tokens this sequence has read, ever. */
function evaluated(sequence: LlamaContextSequence): number {
  const { usedInputTokens, usedOutputTokens } = sequence.tokenMeter
  return usedInputTokens + usedOutputTokens
}

/** As it would be written; nothing for the tokens that end an answer by themselves. */
function textOf(trigger: LlamaText): string {
  return trigger.values.some(value => value instanceof SpecialToken) ? '' : trigger.toString()
}

/**
 * Tokens that are signs to the program, not text: undefined for text; for a sign that opens, closes or stops something its
 * name; nothing for the rest.
 */
function createSpecials(model: LlamaModel, style: ChatStyle): (token: Token) => string | undefined {
  const marks = [...style.thoughts.flatMap(({ open, close }) => [open, close]), ...style.dropped].join('\n')
  const known = new Map<Token, string | undefined>()
  return token => {
    if (!known.has(token)) {
      const name = model.isSpecialToken(token) ? model.detokenize([token], true) : undefined
      known.set(token, name !== undefined && !marks.includes(name) ? '' : name)
    }
    return known.get(token)
  }
}

/** Bytes of one character, at most, may come as a token each. */
const longestCharacter = 4
/** What stands before tells some tokenizers whether a space belongs between. */
const lookBack = 4

function createReader(model: LlamaModel, special: (token: Token) => string | undefined): (token: Token) => string {
  let before: Token[] = []
  let waiting: Token[] = []
  function take(): string {
    const text = waiting.length > 0 ? model.detokenize(waiting, false, before) : ''
    forget()
    return text
  }
  function forget(): void {
    before = [...before, ...waiting].slice(-lookBack)
    waiting = []
  }
  return token => {
    const sign = special(token)
    if (sign !== undefined) return take() + sign
    waiting.push(token)
    const text = model.detokenize(waiting, false, before)
    // Half a character reads as U+FFFD: the rest is awaited.
    if (text.endsWith('\uFFFD') && waiting.length < longestCharacter) return ''
    forget()
    return text
  }
}
