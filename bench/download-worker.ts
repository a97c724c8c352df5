/** Fetches what it is told, one after the other, in a process that can be killed. */
import { openSync, statSync, writeSync } from 'node:fs'
import { AppError } from '../shared/errors.ts'
import type { DownloadRequest } from '../shared/models/download.ts'
import type { Hubs } from '../shared/models/download-source.ts'
import { openDownloads, quick } from '../tests/downloads.ts'

export interface DownloadTask {
  folder: string
  request: DownloadRequest
  hubs: Hubs
  /** Where it writes what reached it: for each request two numbers, the first byte of the file and the one behind the last. */
  reached: string
}

export interface DownloadEnd {
  /** Null: the model is there. */
  code: string | null
}

process.on('message', async (task: DownloadTask) => {
  const lock = { owner: { host: 'bench', pid: process.pid, instance: String(process.pid) }, mayLive: lives }
  const { downloads } = await openDownloads(task.folder, {
    hubs: task.hubs,
    lock,
    times: { ...quick, stall: 1000 },
    fetchOf: () => counting(task.reached),
  })
  const end: DownloadEnd = { code: null }
  try {
    const { name, state } = await downloads.start(task.request)
    if (state !== 'done') await downloads.finished(name)
  } catch (error) {
    end.code = error instanceof AppError ? error.code : String(error)
  }
  await downloads.close()
  process.send?.(end)
})

/** The system keeps what was written when the process is killed. */
function counting(file: string): typeof fetch {
  const handle = openSync(file, 'a')
  const place = openSync(file, 'r+')
  return async (input, init) => {
    if (init?.method !== 'GET') return fetch(input, init)
    const range = new Headers(init.headers).get('range')
    const from = Number(/^bytes=(\d+)-/.exec(range ?? '')?.[1] ?? 0)
    const at = statSync(file).size
    writeSync(handle, Buffer.from(new Float64Array([from, from]).buffer))
    const response = await fetch(input, init)
    let to = response.status === 206 ? from : 0
    const through = new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, control) {
        to += chunk.length
        writeSync(place, Buffer.from(new Float64Array([Math.max(from, to)]).buffer), 0, 8, at + 8)
        control.enqueue(chunk)
      },
    })
    return response.body ? new Response(response.body.pipeThrough(through), response) : response
  }
}

function lives({ pid }: { pid: number }): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
