/** What a model writes, token by token: told apart as it comes, and held to a grammar where JSON or a call is wanted. */
import { type LlamaGrammar, LlamaGrammarEvaluationState, type LlamaModel, type Token } from 'node-llama-cpp'
import { AppError } from '../errors.ts'
import { createCallReader } from './call-reader.ts'
import type { ChatTask } from './chat.ts'
import { createPieces, type Piece } from './pieces.ts'
import type { Results } from './protocol.ts'
import { fitsSchema } from './schema-check.ts'
import { createGrammar } from './schema-grammar.ts'
import type { ChatStyle } from './style.ts'
import { withTimeLimit } from './time-limit.ts'
import { callRule, type ToolFormat } from './tool-format.ts'

/** `literal`: signs of the format as the text they are. */
export type ReadToken = (token: Token, literal?: boolean) => string

export type Constraint =
  /** The whole answer. `check`: what no grammar says of it. */
  | { kind: 'json'; grammar: LlamaGrammar; check?: (text: string) => boolean }
  /** From the mark of a call on; `required`: the answer begins with one. */
  | { kind: 'calls'; after: LlamaGrammar; required?: LlamaGrammar }

/** Milliseconds for looking whether JSON fits a stranger's schema, and its patterns. */
const checkTime = 1_000
/** Before JSON or a call models like to begin a line. */
const blank = '"\\n"{0,2}'

/** Throws `input-invalid` where a schema is none, or too large. */
export async function createConstraint(
  model: LlamaModel,
  format: ToolFormat,
  { json, tools = [], required }: ChatTask,
): Promise<Constraint | undefined> {
  const open = async (text: string): Promise<LlamaGrammar> => {
    try {
      return await model.llama.createGrammar({ grammar: text })
    } catch (error) {
      throw new AppError('input-invalid', { field: 'schema (grammar)' }, { cause: error })
    }
  }
  if (tools.length > 0) {
    const grammar = createGrammar()
    const after = await open(grammar.text(callRule(grammar, format, tools)))
    if (!required) return { kind: 'calls', after }
    const forced = createGrammar()
    const wanted = typeof required === 'string' ? tools.filter(({ name }) => name === required) : tools
    if (wanted.length === 0) throw new AppError('input-invalid', { field: 'toolChoice' })
    const rule = forced.rule(`${blank} "${format.mark.replace(/["\\]/g, '\\$&')}" ${callRule(forced, format, wanted)}`)
    return { kind: 'calls', after, required: await open(forced.text(rule)) }
  }
  if (!json) return
  const grammar = createGrammar()
  const { schema = anyJson } = json
  const opened = await open(grammar.text(grammar.rule(`${blank} ${grammar.add(schema)}`)))
  if (grammar.loosened.size === 0) return { kind: 'json', grammar: opened }
  const check = (text: string) => {
    try {
      return withTimeLimit(checkTime, () => fitsSchema(JSON.parse(text), schema))
    } catch {
      return false
    }
  }
  return { kind: 'json', grammar: opened, check }
}

const anyJson = { type: ['object', 'array'] }

export interface Writer {
  push(token: Token): {
    pieces: Piece[]
    /** What is to stand there in its place. */
    replacement?: Token[]
  }
  /** Nothing more counts. */
  readonly ended: boolean
  readonly thinking: boolean
  /** What holds the next token. */
  readonly grammar: LlamaGrammarEvaluationState | undefined
  /** `cut`: it was not done. */
  end(cut: boolean): {
    pieces: Piece[]
    /** `invalid`: JSON that does not fit what no grammar says of its schema, or was not seen to within `checkTime`. */
    finish: Results['chat']['finish']
  }
}

export function createWriter({
  model,
  style: { thoughts, dropped, tools: format },
  constraint,
  thinking,
  mostThinking = Number.POSITIVE_INFINITY,
  stops,
  triggers,
  read,
}: {
  model: LlamaModel
  style: Pick<ChatStyle, 'thoughts' | 'dropped' | 'tools'>
  constraint: Constraint | undefined
  /** The prompt ended inside a thought. */
  thinking: boolean
  /** Tokens; then the thought is closed for it. */
  mostThinking?: number | undefined
  stops: readonly string[]
  /** Texts of the format that end an answer. */
  triggers: readonly string[]
  read: ReadToken
}): Writer {
  const forced = constraint?.kind === 'json' ? constraint.grammar : constraint?.required
  const pieces = createPieces({
    thoughts,
    thinking,
    dropped,
    stops: [...stops, ...triggers],
    call: constraint?.kind === 'calls' ? { mark: format.mark, first: format.first } : undefined,
    pauseAfterThought: forced !== undefined,
  })
  /** JSON has no signs; only who asked may end it. */
  const plain = createPieces({ thoughts: [], stops })
  let mode: 'free' | 'json' | 'call' = 'free'
  let grammar: LlamaGrammarEvaluationState | undefined
  let calls = createCallReader(format)
  let called = 0
  let thought = 0
  let ended = false
  let text = ''
  if (!thinking) force()

  function state(from: LlamaGrammar): LlamaGrammarEvaluationState {
    return new LlamaGrammarEvaluationState({ model, grammar: from })
  }

  function force(): void {
    if (!forced) return
    grammar = state(forced)
    if (constraint?.kind === 'json') mode = 'json'
  }

  function json(token: Token): Piece[] {
    const shown = plain.push(read(token, true))
    for (const piece of shown) text += piece.text
    ended = plain.stopped
    return shown
  }

  function call(written: string): Piece[] {
    const shown = calls.push(written)
    called += shown.filter(({ kind }) => kind === 'called').length
    if (!calls.done) return shown
    grammar = undefined
    mode = 'free'
    ended = format.last
    calls = createCallReader(format)
    pieces.resume()
    return shown
  }

  function free(token: Token): { pieces: Piece[]; replacement?: Token[] } {
    let written = read(token)
    let replacement: Token[] | undefined
    if (pieces.thinking && ++thought >= mostThinking) {
      const close = `\n${thoughts[0].close}\n\n`
      written += close
      replacement = [token, ...model.tokenize(close, true, 'trimLeadingSpace')]
    }
    const shown = pieces.push(written)
    ended = pieces.stopped
    const { paused } = pieces
    const held = grammar !== undefined
    if (paused?.after === 'thought') {
      pieces.resume()
      force()
    }
    if (paused?.after === 'call') {
      mode = 'call'
      if (constraint?.kind === 'calls') grammar ??= state(constraint.after)
    }
    const rest = paused?.rest ?? ''
    // What a grammar has seen counts; what came before it began is taken back, and written anew under it.
    if (held && mode === 'call') shown.push(...call(rest))
    else if (rest.trim() !== '' || (rest !== '' && mode === 'call'))
      replacement = model.tokenize(written.slice(0, written.length - rest.length), true, 'trimLeadingSpace')
    return { pieces: shown, ...(replacement && { replacement }) }
  }

  return {
    push(token) {
      if (mode === 'json') return { pieces: json(token) }
      if (mode === 'call') return { pieces: call(read(token, true)) }
      return free(token)
    },
    get ended() {
      return ended
    },
    get thinking() {
      return pieces.thinking
    },
    get grammar() {
      return grammar
    },
    end(cut) {
      const rest = [...plain.end(), ...(mode === 'free' ? pieces.end() : [])]
      text += rest.map(piece => piece.text).join('')
      if (cut) return { pieces: rest, finish: 'length' }
      if (called > 0) return { pieces: rest, finish: 'calls' }
      const invalid = constraint?.kind === 'json' && !ended && constraint.check?.(text) === false
      return { pieces: rest, finish: invalid ? 'invalid' : 'stop' }
    },
  }
}
