/** What both kinds of answer have in common: how they come, piece by piece. */
export interface Usage {
  prompt_tokens: number
  completion_tokens: number
  total_tokens: number
  prompt_tokens_details?: { cached_tokens: number }
}

export type TalkEvent =
  /** Nothing to say yet, but it was taken on. */
  | { type: 'begun' }
  | { type: 'text'; text: string }
  /** All text so far is not meant; only where it can be taken back. */
  | { type: 'reset' }
  | { type: 'call'; id: string; name: string; input: string }
  | {
      type: 'end'
      /** Which model wrote it. */
      model: string
      finish: 'stop' | 'length' | 'tool_calls' | 'content_filter'
      usage: Usage
      /** What this program says of it, beyond the protocol. */
      cloister: object
    }

export function usageOf(prompt: number, generated: number, cached?: number | null): Usage {
  return {
    prompt_tokens: prompt,
    completion_tokens: generated,
    total_tokens: prompt + generated,
    ...(cached != null && { prompt_tokens_details: { cached_tokens: cached } }),
  }
}

/** Text up to the first of the signs to stop at; what might be the beginning of one is held back until it is known. */
export function createStops(stops: readonly string[]): {
  push(text: string): string
  rest(): string
  stopped: boolean
} {
  let held = ''
  const self = {
    stopped: false,
    push(text: string): string {
      if (self.stopped) return ''
      held += text
      const ends = stops.map(stop => held.indexOf(stop)).filter(at => at >= 0)
      if (ends.length > 0) {
        self.stopped = true
        return held.slice(0, Math.min(...ends))
      }
      let keep = 0
      for (const stop of stops)
        for (let length = Math.min(stop.length - 1, held.length); length > keep; length--)
          if (stop.startsWith(held.slice(-length))) keep = length
      const said = held.slice(0, held.length - keep)
      held = held.slice(held.length - keep)
      return said
    },
    rest: () => (self.stopped ? '' : held),
  }
  return self
}
