import { ApiError, isProblem } from '../../shared/api/api-error.ts'
import { handedHeader, transferHeader } from '../../shared/api/desktop-headers.ts'
import type { PageTransfers } from './page-transfers.ts'

/** A file that the page has, or one that was handed over to the desktop's main process: of that it knows an id. */
export type Sendable = Blob | { handed: string; size: number }

/**
 * One file by `multipart/form-data`, with its progress: `fetch` does not tell how much of a body has left. Throws
 * `ApiError` as the client does, and what the signal says.
 */
export function sendFile({
  url,
  field,
  file,
  name,
  transfers,
  language,
  signal,
  progress,
}: {
  url: string
  field: string
  file: Sendable
  /** May carry the folders it came from. */
  name: string
  /** In the desktop's window: there nobody else hears of progress, and of an end. */
  transfers: PageTransfers | null
  language: string
  signal: AbortSignal
  /** Bytes that have left, out of all. */
  progress(sent: number, total: number): void
}): Promise<unknown> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted()
    const request = new XMLHttpRequest()
    const abort = () => {
      request.abort()
      transfer?.breakOff()
    }
    const transfer = transfers?.begin(sent => progress(Math.min(sent, file.size), file.size))
    signal.addEventListener('abort', abort, { once: true })
    const end = (settle: () => void) => {
      signal.removeEventListener('abort', abort)
      transfer?.end()
      settle()
    }
    if (!transfer) request.upload.onprogress = event => progress(event.loaded, event.total)
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
    if (transfer) request.setRequestHeader(transferHeader, transfer.name)
    if ('handed' in file) {
      request.setRequestHeader(handedHeader, file.handed)
      request.send()
      return
    }
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
