/** The thread that recognises text, one page at a time; the process's main thread watches it (see `../guard.ts`). */
import { flushCompileCache } from 'node:module'
import { parentPort } from 'node:worker_threads'
import type { RecognizeRequest } from '../../ports.ts'
import { failure } from '../failure.ts'
import type { FromParser, ToParser } from '../protocol.ts'
import { type Engine, startEngine } from './engine.ts'
import { openPictures, type Pictures } from './pictures.ts'
import { recognizePage } from './recognize.ts'

function start(port: NonNullable<typeof parentPort>) {
  let engine: Promise<Engine> | undefined
  // Pages of one file come one after the other, and opening a large file takes longer than drawing a page.
  let open: { key: string; pictures: Pictures } | undefined

  port.on('message', (message: ToParser) => {
    if (message.type !== 'recognize') return
    recognize(message.request)
      .catch((error: unknown) => post(failure(error)))
      .finally(() => flushCompileCache())
  })

  function post(message: FromParser) {
    port.postMessage(message)
  }

  async function recognize(request: RecognizeRequest): Promise<void> {
    const pictures = await openFile(request)
    const picture = await pictures.draw(request.page)
    engine ??= startEngine()
    const segment = await recognizePage(request.page, picture, await engine)
    post({ type: 'event', json: JSON.stringify({ type: 'segment', segment }) })
  }

  async function openFile(request: RecognizeRequest): Promise<Pictures> {
    const key = JSON.stringify([request.file, request.name, request.password])
    if (open?.key === key) return open.pictures
    const last = open
    open = undefined
    await last?.pictures.close()
    const pictures = await openPictures(request)
    open = { key, pictures }
    return pictures
  }
}

if (parentPort) start(parentPort)
