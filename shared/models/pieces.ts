/** What a model writes, told apart while it is being written: the answer, and what it says to itself. */
export interface Piece {
  /** A call of a tool: its name (`call`), what it is given as it comes (`input`), and its end (`called`, no text). */
  kind: 'text' | 'reasoning' | 'call' | 'input' | 'called'
  text: string
}

export interface PiecesOptions {
  /** What opens and closes a stretch of thinking. */
  thoughts: readonly { open: string; close: string }[]
  /** The prompt ended inside such a stretch. */
  thinking?: boolean
  /** Marks of the chat format that are no part of the text. */
  dropped?: readonly string[]
  /** What ends the answer, and is no part of it. */
  stops: readonly string[]
  /** What a call of a tool begins with, and whether only an answer may begin with it. Another reads what comes then. */
  call?: { mark: string; first: boolean } | undefined
  /** Another reads what comes after thinking. */
  pauseAfterThought?: boolean
}

export interface Pieces {
  /** What can be shown for certain now; what may turn out to be the start of a mark is kept back. */
  push(text: string): Piece[]
  /** The rest: nothing more comes. */
  end(): Piece[]
  /** A stop was seen; nothing after it counts. */
  readonly stopped: boolean
  /** What comes now is thinking. */
  readonly thinking: boolean
  /** After which mark another reads, and what came behind it; nothing is shown of what is pushed until `resume`. */
  readonly paused: { after: 'call' | 'thought'; rest: string } | undefined
  resume(): void
}

type Mark = { text: string; means: 'open' | 'close' | 'drop' | 'stop' | 'call' }

export function createPieces(options: PiecesOptions): Pieces {
  const { thoughts, thinking = false, dropped = [], stops, call, pauseAfterThought = false } = options
  const marks = (list: readonly string[], means: Mark['means']): Mark[] =>
    list.filter(text => text !== '').map(text => ({ text, means }))
  const outside = [
    ...marks(
      thoughts.map(({ open }) => open),
      'open',
    ),
    // A model that was told not to think may close what it never opened.
    ...marks(
      thoughts.map(({ close }) => close),
      'drop',
    ),
    ...marks(dropped, 'drop'),
    ...marks(stops, 'stop'),
  ]
  const calls = marks(call ? [call.mark] : [], 'call')
  const inside = marks(
    thoughts.map(({ close }) => close),
    'close',
  )
  let kept = ''
  let within = thinking
  let stopped = false
  /** Of the stretch that is open: blanks before its first letter are the format's, not the model's. */
  let blank = true
  let paused: Pieces['paused']
  /** Some of the answer was shown. */
  let spoken = false

  function expected(): readonly Mark[] {
    if (within) return inside
    return calls.length === 0 || (call?.first && spoken) ? outside : [...outside, ...calls]
  }

  function show(text: string, to: Piece[]): void {
    const shown = blank ? text.trimStart() : text
    if (shown === '') return
    blank = false
    if (!within) spoken = true
    to.push({ kind: within ? 'reasoning' : 'text', text: shown })
  }

  function cut(to: Piece[]): void {
    while (!stopped) {
      const first = earliest(kept, expected())
      if (!first) return
      show(kept.slice(0, first.at), to)
      if (first.mark.means === 'call' && call?.first && spoken) {
        show(first.mark.text, to)
        kept = kept.slice(first.at + first.mark.text.length)
        continue
      }
      kept = kept.slice(first.at + first.mark.text.length)
      if (first.mark.means === 'stop') stopped = true
      if (first.mark.means === 'open') [within, blank] = [true, true]
      const pauses = first.mark.means === 'call' || (first.mark.means === 'close' && pauseAfterThought)
      if (first.mark.means === 'close') [within, blank] = [false, true]
      if (!pauses) continue
      paused = { after: first.mark.means === 'call' ? 'call' : 'thought', rest: kept }
      kept = ''
      return
    }
    kept = ''
  }

  return {
    push(text) {
      if (stopped || paused !== undefined) return []
      kept += text
      const pieces: Piece[] = []
      cut(pieces)
      const held = overlap(kept, expected())
      show(kept.slice(0, kept.length - held), pieces)
      kept = kept.slice(kept.length - held)
      return pieces
    },
    end() {
      const pieces: Piece[] = []
      if (!stopped) show(kept, pieces)
      kept = ''
      stopped = true
      return pieces
    },
    get stopped() {
      return stopped
    },
    get thinking() {
      return within
    },
    get paused() {
      return paused
    },
    resume() {
      paused = undefined
      blank = true
    },
  }
}

/** Of two that begin at the same place, the longer one. */
function earliest(text: string, marks: readonly Mark[]): { at: number; mark: Mark } | undefined {
  let found: { at: number; mark: Mark } | undefined
  for (const mark of marks) {
    const at = text.indexOf(mark.text)
    if (at === -1) continue
    if (!found || at < found.at || (at === found.at && mark.text.length > found.mark.text.length)) found = { at, mark }
  }
  return found
}

/** How many of the last characters may be the beginning of a mark. */
function overlap(text: string, marks: readonly Mark[]): number {
  let longest = 0
  for (const { text: mark } of marks)
    for (let length = Math.min(mark.length - 1, text.length); length > longest; length--)
      if (text.endsWith(mark.slice(0, length))) {
        longest = length
        break
      }
  return longest
}
