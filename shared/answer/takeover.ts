import { AppError, toAppError } from '../errors.ts'
import type { Answer, Citation, KeptPassage, Scope } from '../model/index.ts'
import type { Clock } from '../ports.ts'
import type { AnswerRun, Store } from '../store/index.ts'
import { createConversations, type Earlier } from './conversation.ts'
import type { WrittenEvent } from './journal.ts'
import { settle } from './settle.ts'
import { nothingWritten, type Written } from './write.ts'

const why = { code: 'server-lost' } as const

/**
 * Ends an answer whose server is dead, as it was when it was read: what was written down of it is kept in its chat as a stopped
 * one, and whoever reads along hears that it was interrupted. False when its server lives after all, or another process was
 * first. Killed in between, this is done again by whoever comes next.
 */
export function createTakeover({ store, clock, server }: { store: Store; clock: Clock; server: string }) {
  const chats = createConversations(store, 0)

  return async function takeOver(run: AnswerRun): Promise<boolean> {
    if (!(await store.answers.claim(run, server))) return false
    const { id, chatId, events, model } = run
    const messageId = run.messageId ?? (await keep(run))
    const end: WrittenEvent = { type: 'interrupted', chatId, messageId, reason: why }
    await store.transaction('internal', tx =>
      store.answers.advance(tx, server, [
        { id, events, said: [JSON.stringify(end)], draft: '', model, endedAt: clock.now() },
      ]),
    )
    return true
  }

  /** The message; null where nothing is to be kept, and the earlier answer stays. */
  async function keep(run: AnswerRun): Promise<string | null> {
    const { id, scope, chatId, question, questionId } = run
    const { result, shown, begun } = await toldOf(run)
    let earlier: Earlier | undefined
    if (questionId !== null) {
      earlier = await earlierOf(scope, chatId, questionId)
      if (!earlier) return null
      if (earlier.answer && !begun) return earlier.answer.id
    } else {
      const [last] = await store.chats.messages(scope, chatId, 1)
      // It died before the question was kept, or waited for the one before.
      if (last?.role !== 'user' || last.text !== question.trim())
        await chats.keepQuestion(scope, chatId, question.trim(), null)
    }
    return chats.keepAnswer(scope, result, shown, earlier, async (tx, messageId) => {
      if (!(await store.answers.keep(tx, server, id, messageId))) throw new AppError('lease-lost')
    })
  }

  /** Undefined where its chat was deleted meanwhile. */
  async function earlierOf(scope: Scope, chatId: string, questionId: string): Promise<Earlier | undefined> {
    try {
      return (await chats.goBack(scope, chatId, questionId)).earlier
    } catch (error) {
      const { code } = toAppError(error)
      if (code === 'chat-not-found' || code === 'message-not-found') return undefined
      throw error
    }
  }

  async function toldOf({ id, scope, chatId, draft, model }: AnswerRun) {
    const written: Written = { ...nothingWritten(), draft }
    const quoted: Citation[] = []
    let shown: readonly KeptPassage[] = []
    for (const text of await store.answers.said(scope, id, 0)) {
      const event = JSON.parse(text) as WrittenEvent
      if (event.type === 'passages') shown = event.kept
      else if (event.type === 'quote') quoted.push(event.citation)
      else if (event.type === 'sentence') {
        written.sentences.push(event.sentence)
        written.citations.push(...event.citations)
      }
    }
    const begun = quoted.length > 0 || written.sentences.length > 0
    const result: Omit<Answer, 'messageId'> = {
      mode: 'none',
      language: 'other',
      text: '',
      sentences: [],
      citations: [],
      model,
      reason: why,
      evidence: 0,
      chatId,
    }
    settle(result, quoted, written)
    return { result, shown, begun }
  }
}
