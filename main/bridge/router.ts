/**
 * The one way from the page into the main process. A call is answered when the page itself sent it, from the whole of one of our windows, not
 * too often, not too large, and in the form of the contract; and so is what goes back. Never rejects.
 */
import { z } from 'zod'
import {
  type DesktopAnswer,
  type DesktopCall,
  type DesktopInput,
  type DesktopMessage,
  type DesktopOutput,
  desktopCalls,
  desktopMessage,
} from '../../shared/api/desktop.ts'
import { AppError, reasonOf, toAppError } from '../../shared/errors.ts'
import type { Log } from '../../shared/ports.ts'
import { isTrustedSender, type Sender } from '../safety/senders.ts'
import { createTokenBucket, type Rate, type TokenBucket } from './token-bucket.ts'

/** What each call does; `window`: whose page asks. Throws `AppError` for what the user is to read. */
export type BridgeCalls = {
  [Name in DesktopCall]: (
    input: DesktopInput<Name>,
    window: number,
  ) => DesktopOutput<Name> | Promise<DesktopOutput<Name>>
}

export interface BridgeRouter {
  /** A window that calls may come from; `send` reaches its page. */
  open(window: number, send: (message: DesktopMessage) => void): void
  close(window: number): void
  /** `call`: whatever came. */
  handle(sender: Sender, call: unknown): Promise<DesktopAnswer<unknown>>
  /** To the page of a window; kept until it listens. */
  tell(window: number, message: DesktopMessage): void
  /** To those of all windows. */
  tellAll(message: DesktopMessage): void
}

export interface BridgeOptions {
  calls: BridgeCalls
  log: Log
  rate?: Rate
  now?: () => number
}

/** A person's hand makes one or two a second; a page that starts makes some at once. */
const usualRate: Rate = { burst: 40, perSecond: 10 }
const mostBytes = 64 * 1024
/** For a page that has not begun to listen: what is newer matters more. */
const mostKept = 100

interface Window {
  bucket: TokenBucket
  send(message: DesktopMessage): void
  /** Null: it listens. */
  kept: DesktopMessage[] | null
}

const shape = z.strictObject({ name: z.string().max(50), input: z.unknown().optional() })

export function createBridgeRouter({
  calls,
  log,
  rate = usualRate,
  now = () => performance.now(),
}: BridgeOptions): BridgeRouter {
  const windows = new Map<number, Window>()

  function refuse(why: string, fields: Record<string, unknown> = {}): DesktopAnswer<never> {
    log.warn('refused a call of the page', { why, ...fields })
    return { ok: false, reason: { code: 'internal' } }
  }

  async function handle(sender: Sender, call: unknown): Promise<DesktopAnswer<unknown>> {
    if (!isTrustedSender(sender, id => windows.has(id))) return refuse('sender')
    const window = windows.get(sender.window)
    if (!window?.bucket.take()) return refuse('rate')
    if (!isSmall(call)) return refuse('size')
    const parsed = shape.safeParse(call)
    if (!parsed.success || !isCall(parsed.data.name)) return refuse('call')
    const { name, input } = parsed.data
    const answer = await run(name, input, sender.window)
    if (name === 'start' && answer.ok) release(window)
    return answer
  }

  async function run<Name extends DesktopCall>(
    name: Name,
    given: unknown,
    window: number,
  ): Promise<DesktopAnswer<DesktopOutput<Name>>> {
    const input = desktopCalls[name].input.safeParse(given)
    if (!input.success) return refuse('input', { name })
    try {
      const value = await calls[name](input.data as DesktopInput<Name>, window)
      const output = desktopCalls[name].output.safeParse(value)
      if (!output.success) throw new Error(`an answer that is not what the contract says: ${output.error.message}`)
      return { ok: true, value: output.data as DesktopOutput<Name> }
    } catch (error) {
      const known = toAppError(error)
      if (!(error instanceof AppError)) log.error('a call of the page failed', { name, error })
      return { ok: false, reason: reasonOf(known) }
    }
  }

  function release(window: Window): void {
    const { kept } = window
    window.kept = null
    for (const message of kept ?? []) window.send(message)
  }

  function tell(id: number, message: DesktopMessage): void {
    const window = windows.get(id)
    if (!window) return
    const checked = desktopMessage.safeParse(message)
    if (!checked.success) log.error('a message that is not what the contract says', { type: message.type })
    else if (window.kept) window.kept = [...window.kept, checked.data].slice(-mostKept)
    else window.send(checked.data)
  }

  return {
    handle,
    tell,
    open: (window, send) => void windows.set(window, { bucket: createTokenBucket(rate, now), send, kept: [] }),
    close: window => void windows.delete(window),
    tellAll(message) {
      for (const window of windows.keys()) tell(window, message)
    },
  }
}

const isCall = (name: string): name is DesktopCall => Object.hasOwn(desktopCalls, name)

/** What cannot be written down, as what refers to itself, is none of ours either. */
function isSmall(call: unknown): boolean {
  try {
    return Buffer.byteLength(JSON.stringify(call) ?? '') <= mostBytes
  } catch {
    return false
  }
}
