export interface ThinkingFilter {
  /** What of the text so far is said. With `reset`, all that was said before was thinking; that is not found out any more unless `mayReset`. */
  push(delta: string, mayReset: boolean): { text: string; reset: boolean }
  finish(): string
}

/**
 * Takes a model's thinking out of what it says, as it comes: `<think>…</think>` in its usual spellings, nested ones and one that never ends;
 * and the channels of the Harmony format. A model whose template opens the block itself writes only its end: then all before was
 * thinking, and `reset` says so.
 */
export function createThinkingFilter(): ThinkingFilter {
  let buffer = ''
  let depth = 0
  /** It says itself where its thinking begins: what else ends is only a stray end. */
  let begun = false
  /** The name of a channel is read. */
  let header: string | undefined
  return {
    push(delta, mayReset) {
      buffer += delta
      let text = ''
      let reset = false
      const say = (said: string) => {
        if (header !== undefined) header = (header + said).slice(0, longestTag)
        else if (depth === 0) text += said
      }
      const over = () => {
        if (mayReset && !begun) {
          text = ''
          reset = true
        }
      }
      for (;;) {
        const match = TAG.exec(buffer)
        if (!match) break
        say(buffer.slice(0, match.index))
        buffer = buffer.slice(match.index + match[0].length)
        const { opens, closes, sign } = match.groups!
        if (sign === 'channel') header = ''
        else if (sign === 'message') {
          const final = header === undefined || /^\s*final/.test(header)
          if (final && header !== undefined) over()
          depth = final ? 0 : 1
          header = undefined
        } else if (sign === 'end') depth = 0
        else if (opens !== undefined) {
          depth++
          begun = true
        } else if (closes !== undefined && depth === 0) over()
        else depth--
      }
      // The beginning of a tag waits for its end.
      const open = Math.max(buffer.lastIndexOf('<'), buffer.lastIndexOf('['), buffer.lastIndexOf('◁'))
      const waits = open >= 0 && buffer.length - open < longestTag && !/[>\]▷]/.test(buffer.slice(open))
      const keep = waits ? open : buffer.length
      say(buffer.slice(0, keep))
      buffer = buffer.slice(keep)
      return { text, reset }
    },
    finish() {
      const rest = depth > 0 || header !== undefined ? '' : buffer
      buffer = ''
      return rest
    },
  }
}

const longestTag = 32
const NAME = '(?:\\w{1,8}:)?(?:think(?:ing)?|thoughts?|reasoning|reflection|scratchpad)'
/** `<think>`, `<seed:think>`, `[THINK]`, `◁think▷`, `<|begin_of_thought|>`, `<|START_THINKING|>`; and the signs around Harmony's channels. */
const TAG = new RegExp(
  [
    `(?<opens><\\s*${NAME}\\s*>|\\[THINK\\]|◁\\s*think\\s*▷|<\\|(?:begin_of_thought|start_thinking)\\|>)`,
    `(?<closes><\\s*/\\s*${NAME}\\s*>|\\[/THINK\\]|◁\\s*/\\s*think\\s*▷|<\\|(?:end_of_thought|end_thinking)\\|>)`,
    '<\\|(?<sign>channel|message|end)\\|>',
  ].join('|'),
  'i',
)
