import type { Piece } from './pieces.ts'
import type { ToolFormat } from './tool-format.ts'

export interface CallReader {
  /** What follows the mark of a call, as it comes. */
  push(text: string): Piece[]
  /** The last call has ended. */
  readonly done: boolean
}

/** Reads calls of tools as a grammar made the model write them: their form is certain, what is given in them is JSON. */
export function createCallReader({ end, before, between }: ToolFormat): CallReader {
  let phase: 'name' | 'input' | 'end' | 'done' = 'name'
  let kept = ''
  let depth = 0
  let quoted = false
  let escaped = false

  /** Where the JSON ends in what is kept; its length where it does not. */
  function length(): number {
    for (let at = 0; at < kept.length; at++) {
      const letter = kept[at]
      if (escaped) escaped = false
      else if (quoted) {
        if (letter === '\\') escaped = true
        else if (letter === '"') quoted = false
      } else if (letter === '"') quoted = true
      else if (letter === '{' || letter === '[') depth++
      else if ((letter === '}' || letter === ']') && --depth === 0) return at + 1
    }
    return kept.length
  }

  return {
    push(text) {
      kept += text
      const pieces: Piece[] = []
      for (;;) {
        if (phase === 'name') {
          const from = kept.indexOf(before)
          const to = from === -1 ? -1 : kept.indexOf(between, from + before.length)
          if (to === -1) return pieces
          pieces.push({ kind: 'call', text: kept.slice(from + before.length, to) })
          kept = kept.slice(to + between.length)
          phase = 'input'
        } else if (phase === 'input') {
          if (kept === '') return pieces
          const input = kept.slice(0, length())
          kept = kept.slice(input.length)
          pieces.push({ kind: 'input', text: input })
          if (depth > 0) return pieces
          pieces.push({ kind: 'called', text: '' })
          phase = 'end'
        } else if (phase === 'end') {
          if (end.test(kept)) {
            phase = 'done'
            kept = ''
          } else if (kept.startsWith('}, ')) {
            kept = kept.slice(3)
            phase = 'name'
            continue
          }
          return pieces
        } else return pieces
      }
    },
    get done() {
      return phase === 'done'
    },
  }
}
