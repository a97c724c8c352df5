/**
 * How electron-updater asks for files: not over Electron's own network, past everything, but through the server, whose gate lets it out and
 * writes it down. It expects requests as Node's `http` makes them; these are as much of one as it uses.
 */
import { EventEmitter } from 'node:events'
import { Readable } from 'node:stream'
import { isSignedBy } from './signature.ts'

/** A file of the channel, by its name; rejects where the server does not answer. */
export type FetchFile = (name: string, options: { range?: string; signal: AbortSignal }) => Promise<Response>

export interface RequestOptions {
  path?: string | null
  headers?: Record<string, unknown> | null
}

export type IncomingFile = Readable & { statusCode: number; statusMessage: string; headers: Record<string, string> }

export interface FileRequest extends EventEmitter {
  end(): void
  abort(): void
}

/** What went wrong on the way, by the server's code of it. */
export class UpdateFailure extends Error {
  readonly code: string
  readonly values: Readonly<Record<string, unknown>>

  constructor(code: string, values: Readonly<Record<string, unknown>> = {}) {
    super(code)
    this.name = 'UpdateFailure'
    this.code = code
    this.values = values
  }
}

/** Bytes; ours have two thousand, with long notes. */
const longestChannelFile = 256 * 1024

/** `key`: of who signs the channel. */
export function createRequests(fetchFile: FetchFile, key: string) {
  return (options: RequestOptions, answered: (file: IncomingFile) => void): FileRequest => {
    const control = new AbortController()
    const events = new EventEmitter()
    const range = Object.entries(options.headers ?? {}).find(([name]) => name.toLowerCase() === 'range')?.[1]
    const name = decodeURIComponent(new URL(options.path ?? '/', 'http://channel').pathname.split('/').at(-1) ?? '')

    async function run(): Promise<void> {
      const { signal } = control
      const response = await fetchFile(name, { signal, ...(range !== undefined && { range: String(range) }) })
      await demandNoProblem(response)
      const isChannel = name.endsWith('.yml') && response.ok
      const body = isChannel ? Readable.from([await signed(response, signal)]) : bodyOf(response)
      const file = Object.assign(body, {
        statusCode: response.status,
        statusMessage: response.statusText,
        headers: Object.fromEntries(response.headers),
      })
      answered(file)
    }

    async function signed(response: Response, signal: AbortSignal): Promise<Buffer> {
      const file = await readAll(response)
      const beside = await fetchFile(`${name}.sig`, { signal })
      await demandNoProblem(beside)
      const signature = beside.ok ? (await readAll(beside)).toString('latin1') : ''
      if (!isSignedBy(key, file, signature)) throw new UpdateFailure('update-unsigned')
      return file
    }

    return Object.assign(events, {
      end() {
        // One that was broken off has nobody left who listens.
        run().catch((error: unknown) => void (control.signal.aborted || events.emit('error', error)))
      },
      abort: () => control.abort(),
    })
  }
}

function bodyOf(response: Response): Readable {
  return response.body ? Readable.fromWeb(response.body) : Readable.from([])
}

async function readAll(response: Response): Promise<Buffer> {
  const parts: Uint8Array[] = []
  let length = 0
  for await (const part of response.body ?? []) {
    length += part.length
    if (length > longestChannelFile) throw new UpdateFailure('update-unsigned')
    parts.push(part)
  }
  return Buffer.concat(parts)
}

/** The server's own word instead of the file. */
async function demandNoProblem(response: Response): Promise<void> {
  if (!/^application\/problem\+json\b/.test(response.headers.get('Content-Type') ?? '')) return
  const problem = (await response.json().catch(() => ({}))) as { code?: unknown; values?: Record<string, unknown> }
  throw new UpdateFailure(String(problem.code ?? 'internal'), problem.values)
}
