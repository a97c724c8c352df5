/** Answers that are being written to a page: each for as long as its stream goes on. */
export interface OpenAnswers {
  readonly count: number
  /** To be handed on instead of the response. */
  watch(request: Request, response: Response): Response
}

export function createOpenAnswers(): OpenAnswers {
  let count = 0
  return {
    get count() {
      return count
    },
    watch({ method, signal }, response) {
      const isAnswer = method === 'POST' && response.headers.get('content-type')?.startsWith('text/event-stream')
      if (!isAnswer || !response.body) return response
      count += 1
      let open = true
      const close = () => {
        if (open) count -= 1
        open = false
      }
      signal.addEventListener('abort', close, { once: true })
      // Electron tells no signal of a page that reads no further: it cancels what was being read.
      const body = response.body.pipeThrough(new TransformStream({ flush: close, cancel: close }))
      return new Response(body, { status: response.status, headers: response.headers })
    },
  }
}
