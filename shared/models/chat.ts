/** A chat model that is loaded: prompts in, pieces of text out. Runs in the model process. */
import {
  type BuiltinSpecialTokenValue,
  type LlamaContextSequence,
  type LlamaModel,
  LlamaText,
  type SequenceEvaluateOptions,
  SpecialToken,
  type Token,
  type Tokenizer,
} from 'node-llama-cpp'
import { AppError } from '../errors.ts'
import { refuseLong } from './input.ts'
import { rewriteContext } from './memory-need.ts'
import type { Piece } from './pieces.ts'
import type { Results, Task } from './protocol.ts'
import type { ChatStyle } from './style.ts'
import { withTimeLimit } from './time-limit.ts'
import { asFunctions, callSigns, historyOf } from './tool-format.ts'
import { createConstraint, createWriter, type ReadToken } from './writer.ts'

export type ChatTask = Extract<Task, { type: 'chat' }>

export interface Control {
  /** Throws `cancelled` once nobody wants this any more. */
  check(): void
  /** It gets on. */
  progress(): void
  piece(piece: Piece): void
}

export interface LoadedChat {
  run(task: ChatTask, control: Control): Promise<Results['chat']>
}

export interface ChatOptions {
  style: ChatStyle
  contextSize: number
  threads: number
  /** Tokens between two chances to stop. On a CPU, 64 of a 0.6B model take a second; larger ones are hardly faster. */
  batchSize: number
}

/** An answer shorter than this is none: a prompt that leaves less room is refused. */
const leastRoom = 32
/** Milliseconds for writing a prompt as the model's template wants it. */
const writeTime = 5_000
/** Of the last tokens, those a penalty looks at. */
const punished = 256
/** Models that cannot go back to an earlier token (recurrent ones) keep copies of their state: every so many tokens, this much memory. */
const checkpoints = { interval: 256, max: 16, maxMemory: 256 * 1024 * 1024 }

/**
 * The tokens are evaluated one after the other by the library's plain `evaluate`, not by its chat session: a session
 * re-renders its history and hides how many tokens of a prompt were known; what an answer needs of that (template, stops,
 * thoughts, half characters) is a page here, and what JSON and calls need stands in `writer.ts`.
 */
export async function openChat(model: LlamaModel, options: ChatOptions): Promise<LoadedChat> {
  const { style, batchSize } = options
  const sequences: Partial<Record<'answer' | 'rewrite', LlamaContextSequence>> = {}
  const special = createSpecials(model, style)
  const tokenizer = createTokenizer(model, [
    ...callSigns,
    style.tools.mark,
    ...style.thoughts.flatMap(({ open, close }) => [open, close]),
  ])

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
    const tokens = text.tokenize(tokenizer)
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
      const asked = task.thinking && style.thinking ? { ...style, ...style.thinking } : style
      const constraint = await createConstraint(model, asked.tools, task)
      const { contextText, stopGenerationTriggers } = write(asked, task)
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
      const writer = createWriter({
        model,
        style: asked,
        constraint,
        thinking: asked.thoughts.some(({ open }) => prompt.endsWith(open)),
        mostThinking: task.thinking,
        stops: task.stops,
        triggers: stopGenerationTriggers.map(textOf),
        read: createReader(model, special),
      })
      const limit = Math.min(task.maxTokens, room)
      const written: Token[] = []
      const evaluation = sequence.evaluate(tokens.slice(at), {
        ...sampling(task, written),
        ...(constraint && { grammarEvaluationState: () => writer.grammar }),
      })
      let cut = false
      /** Put in by us, or taken back. */
      let others = 0
      let replacement: Token[] | undefined
      try {
        for (;;) {
          const { value: token, done } = await evaluation.next(replacement)
          if (done) break
          usage.generated++
          written.push(token)
          if (writer.thinking) usage.reasoning++
          const step = writer.push(token)
          replacement = step.replacement
          if (replacement) others += replacement.length - 1
          if (step.pieces.length === 0) control.progress()
          for (const piece of step.pieces) control.piece(piece)
          if (writer.ended) break
          control.check()
          cut = usage.generated >= limit || usage.generated + others >= room
          if (cut) break
        }
      } finally {
        await evaluation.return()
      }
      const { pieces, finish } = writer.end(cut)
      for (const piece of pieces) control.piece(piece)
      return { finish, usage }
    },
  }

  function write(asked: Pick<ChatStyle, 'wrapper' | 'opening' | 'tools'>, { messages, tools = [], json }: ChatTask) {
    const calling = tools.length > 0 || messages.some(({ calls }) => calls)
    const told = json ? [LlamaText(jsonWanted(json.schema))] : []
    const listed = tools.length > 0 ? asked.tools.told(tools) : undefined
    if (listed) told.push(listed)
    const history = historyOf(messages, asked.tools, told)
    const last = history.at(-1)
    // What follows the result of a call is the same answer.
    if (last?.type === 'model' && messages.at(-1)?.calls) last.response.push(...asked.opening)
    else history.push({ type: 'model', response: [...asked.opening] })
    const wrapper = (calling && asked.tools.wrapper) || asked.wrapper
    try {
      return withTimeLimit(writeTime, () =>
        wrapper.generateContextState({
          chatHistory: history,
          ...(tools.length > 0 && !listed && { availableFunctions: asFunctions(tools) }),
        }),
      )
    } catch (error) {
      // A template may refuse a conversation: no system message, two questions in a row.
      throw new AppError('model-unsupported', { detail: 'template' }, { cause: error })
    }
  }
}

function jsonWanted(schema: unknown): string {
  if (schema === undefined) return 'Answer with JSON and with nothing else.'
  return `Answer with JSON and with nothing else. It fits this schema:\n${JSON.stringify(schema)}`
}

function sampling(task: ChatTask, written: readonly Token[]): SequenceEvaluateOptions {
  const { temperature, topP, topK, minP, seed, presencePenalty = 0, frequencyPenalty = 0 } = task
  return {
    temperature,
    ...(topP !== undefined && { topP }),
    ...(topK !== undefined && { topK }),
    ...(minP !== undefined && { minP }),
    ...(seed !== undefined && { seed }),
    ...((presencePenalty !== 0 || frequencyPenalty !== 0) && {
      repeatPenalty: {
        punishTokens: () => written.slice(-punished),
        maxPunishTokens: punished,
        penalty: 1,
        presencePenalty,
        frequencyPenalty,
      },
    }),
  }
}

/**
 * Some signs (`<think>`, `<tool_call>`) are tokens that a tokenizer sees in any text, also where it is told not to look for those
 * of the format. In a document they are only text: they are read in two parts.
 */
function createTokenizer(model: LlamaModel, signs: readonly string[]): Tokenizer {
  const escaped = (text: string) => text.replace(/[^\w<>/]/gu, '\\$&')
  const seams = [...new Set(signs)].map(sign => `(?<=${escaped(sign[0])})(?=${escaped(sign.slice(1))})`)
  const seam = new RegExp(seams.join('|'), 'u')
  const tokenize = (text: string, special?: boolean | 'builtin', options?: 'trimLeadingSpace'): Token[] => {
    // Only one of its two forms takes the name of a token.
    if (special === 'builtin') return model.tokenizer(text as BuiltinSpecialTokenValue, 'builtin')
    if (special || !seam.test(text)) return model.tokenizer(text, special, options)
    return text.split(seam).flatMap((part, at) => model.tokenizer(part, false, at === 0 ? options : 'trimLeadingSpace'))
  }
  const { detokenize, isSpecialToken, isEogToken } = model
  return Object.assign(tokenize, { detokenize, isSpecialToken, isEogToken })
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
  const marks = [
    style.tools.mark,
    ...style.thoughts.flatMap(({ open, close }) => [open, close]),
    ...style.dropped,
  ].join('\n')
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

function createReader(model: LlamaModel, special: (token: Token) => string | undefined): ReadToken {
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
  return (token, literal = false) => {
    const sign = special(token)
    if (sign !== undefined) return take() + (literal ? model.detokenize([token], true) : sign)
    waiting.push(token)
    const text = model.detokenize(waiting, false, before)
    // Half a character reads as U+FFFD: the rest is awaited.
    if (text.endsWith('\uFFFD') && waiting.length < longestCharacter) return ''
    forget()
    return text
  }
}
