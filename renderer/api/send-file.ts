import { ApiError, isProblem } from '../../shared/api/api-error.ts'

/**
 * One file by `multipart/form-data`, with its progress: `fetch` does not tell how much of a body has left. Throws
 * `ApiError` as the client does, and what the signal says.
 */
export function sendFile({
  url,
  field,
  file,
  name,
  language,
  signal,
  progress,
}: {
  url: string
  field: string
  file: Blob
  /** May carry the folders it came from. */
  name: string
  language: string
  signal: AbortSignal
  /** Bytes that have left, out of all. */
  progress(sent: number, total: number): void
}): Promise<unknown> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted()
    const request = new XMLHttpRequest()
    const abort = () => request.abort()
    signal.addEventListener('abort', abort, { once: true })
    const end = (settle: () => void) => {
      signal.removeEventListener('abort', abort)
      settle()
    }
    request.upload.onprogress = event => progress(event.loaded, event.total)
    request.onload = () =>
      end(() => {
        const body = parse(request.responseText)
        if (request.status >= 200 && request.status < 300) resolve(body)
        else reject(new ApiError(isProblem(body) ? body : { code: 'internal', status: request.status }))
      })
    request.onerror = () => end(() => reject(new ApiError({ code: 'server-unreachable', status: 0 })))
    request.onabort = () => end(() => reject(signal.reason))
    request.open('POST', url)
    request.setRequestHeader('accept-language', language)
    request.setRequestHeader('x-cloister', '1')
    const form = new FormData()
    form.append(field, file, name)
    request.send(form)
  })
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
