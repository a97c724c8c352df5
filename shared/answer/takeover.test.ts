import { describe, expect, it } from 'vitest'
import { openTestStore } from '../../tests/open-store.ts'
import { engines } from '../../tests/postgres.ts'
import type { Answer } from '../model/index.ts'
import { createConversations } from './conversation.ts'
import { createTakeover } from './takeover.ts'

describe.each(engines)('an answer whose server is taken for dead on $name', engine => {
  it('is not kept twice where that server kept it since somebody looked', async () => {
    const open = await openTestStore(engine)
    try {
      const { store, scope } = open
      const chats = createConversations(store, 0)
      const chatId = (await store.transaction(scope, tx => store.chats.insert(tx, scope, 'Chat'))).id
      const run = { id: 'run', chatId, question: 'Frage?', questionId: null, startedAt: 1 }
      await store.transaction('internal', tx => store.answers.note(tx, 'one', [run]))
      await chats.keepQuestion(scope, chatId, 'Frage?', null)
      const [seen] = await store.answers.open()
      const answer: Omit<Answer, 'messageId'> = {
        mode: 'none',
        language: 'de',
        text: 'Antwort.',
        sentences: [],
        citations: [],
        model: null,
        reason: null,
        evidence: 1,
        chatId,
      }
      await chats.keepAnswer(scope, answer, [], undefined, async (tx, messageId) => {
        expect(await store.answers.keep(tx, 'one', run.id, messageId)).toBe(true)
      })
      const takeOver = createTakeover({ store, clock: { now: () => 2 }, server: 'two' })
      expect(await takeOver(seen!)).toBe(false)
      const texts = async () => (await store.chats.messages(scope, chatId)).map(({ text }) => text)
      expect(await texts()).toEqual(['Frage?', 'Antwort.'])
      // Dead all the same: it ends with what was kept.
      const [later] = await store.answers.open()
      expect(await takeOver(later!)).toBe(true)
      expect(await texts()).toEqual(['Frage?', 'Antwort.'])
      expect(await store.answers.open()).toEqual([])
    } finally {
      await open.close()
    }
  }, 60_000)
})
