/**
 * Takes a model's thinking out of what it says, as it comes: `<think>…</think>` in its usual spellings, also one that never ends. A model
 * whose template opens the block itself writes only its end: then all before was thinking, and `reset` says so.
 */
export function createThinkingFilter(): { push(delta: string): { text: string; reset: boolean }; finish(): string } {
  let buffer = ''
  let inside = false
  return {
    push(delta) {
      buffer += delta
      let text = ''
      let reset = false
      for (;;) {
        const match = TAG.exec(buffer)
        if (!match) break
        const closes = match[1] === '/'
        if (!inside) text += buffer.slice(0, match.index)
        if (closes && !inside) {
          text = ''
          reset = true
        }
        inside = !closes
        buffer = buffer.slice(match.index + match[0].length)
      }
      // The beginning of a tag waits for its end.
      const open = buffer.lastIndexOf('<')
      const keep = open >= 0 && buffer.length - open < longestTag && !buffer.includes('>', open) ? open : buffer.length
      if (!inside) text += buffer.slice(0, keep)
      buffer = buffer.slice(keep)
      return { text, reset }
    },
    finish() {
      const rest = inside ? '' : buffer
      buffer = ''
      return rest
    },
  }
}

const longestTag = 24
const TAG = /<\s*(\/?)\s*(?:think(?:ing)?|thoughts?|reasoning|reflection|scratchpad)\s*>/i
