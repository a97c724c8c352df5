import { randomUUID } from 'node:crypto'
import type { StreamedAnswer } from '../../shared/api/index.ts'
import type { AskRequest, Core } from '../../shared/core.ts'
import { AppError, toAppError } from '../../shared/errors.ts'
import type { ErrorCode, Scope } from '../../shared/model/index.ts'

/** The answers that are being given, so that they can be stopped from outside their own connection. */
export interface RunningAnswers {
  /** Ends with `finish` or `interrupted`; throws what the core throws otherwise. */
  run(scope: Scope, chatId: string, request: AskRequest, signal: AbortSignal): AsyncGenerator<StreamedAnswer>
  stop(scope: Scope, answerId: string): boolean
  /** All of them, because the server ends. */
  stopAll(): void
}

const titleLength = 80

export function createRunningAnswers({
  core,
  changed,
}: {
  core: Core
  /** A chat has a new message. */
  changed(scope: Scope, chatId: string): void
}): RunningAnswers {
  const running = new Map<string, { scope: Scope; stop(why: ErrorCode): void }>()
  let ending = false

  /** What is kept of an answer that came to no end. */
  async function keptOf(scope: Scope, chatId: string): Promise<string | null> {
    const last = (await core.chats.messages(scope, chatId)).at(-1)
    return last?.role === 'assistant' ? last.id : null
  }

  return {
    async *run(scope, chatId, request, signal) {
      if (ending) throw new AppError('server-stopping')
      const answerId = randomUUID()
      const control = new AbortController()
      let why: ErrorCode = 'cancelled'
      const stop = (code: ErrorCode) => {
        why = code
        control.abort(new AppError('cancelled'))
      }
      running.set(answerId, { scope, stop })
      try {
        yield { type: 'started', answerId, chatId }
        changed(scope, chatId)
        yield* core.ask(scope, { ...request, chatId }, AbortSignal.any([signal, control.signal]))
      } catch (error) {
        if (!control.signal.aborted && !signal.aborted) throw toAppError(error)
        yield { type: 'interrupted', chatId, messageId: await keptOf(scope, chatId), reason: { code: why } }
      } finally {
        running.delete(answerId)
        changed(scope, chatId)
      }
    },
    stop(scope, answerId) {
      const found = running.get(answerId)
      if (!found || found.scope.projectId !== scope.projectId || found.scope.userId !== scope.userId) return false
      found.stop('cancelled')
      return true
    },
    stopAll() {
      ending = true
      for (const { stop } of running.values()) stop('server-stopping')
    },
  }
}

/** A chat is called by its first question, until somebody renames it. */
export function titleOf(question: string): string {
  const clean = question
    .normalize('NFC')
    .replace(/[\p{Cc}\p{Bidi_Control}\s]+/gu, ' ')
    .trim()
  return clean.length > titleLength ? `${clean.slice(0, titleLength - 1).trimEnd()}…` : clean
}
