/** The entry of the thread that reads backups, and files, to see whether they are what they should be. */
import { parentPort } from 'node:worker_threads'
import { AppError } from '../errors.ts'
import { type Check, type CheckSettings, openCheck } from './check.ts'
import { hashFile } from './hash-file.ts'

export type CheckRequest =
  | { op: 'open'; settings: CheckSettings }
  | { op: 'advance' | 'rewind'; to: number }
  | { op: 'finish'; tolerant: boolean }
  | { op: 'hash'; file: string }

export type CheckReply =
  | { id: number; result: unknown }
  | { id: number; failure: { message: string; code?: unknown; app?: Pick<AppError, 'code' | 'values'> } }

const port = parentPort
if (!port) throw new Error('check-thread.ts runs in a worker thread')

let check: Check | undefined

function handle(request: CheckRequest): unknown {
  switch (request.op) {
    case 'open':
      check?.close()
      check = undefined
      check = openCheck(request.settings)
      return undefined
    case 'hash':
      return hashFile(request.file)
    case 'finish':
      return check?.finish(request)
    default:
      return check?.[request.op](request.to)
  }
}

port.on('message', ({ id, request }: { id: number; request: CheckRequest }) => {
  let reply: CheckReply
  try {
    reply = { id, result: handle(request) }
  } catch (error) {
    // The code of a system's error is lost where errors are copied.
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error)
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    const app = error instanceof AppError && { code: error.code, values: error.values }
    reply = { id, failure: { message, code, ...(app && { app }) } }
  }
  port.postMessage(reply)
})
