import { expect, it, onTestFinished } from 'vitest'
import { openTestStore, silent } from '../../tests/open-store.ts'
import { createJournal } from './journal.ts'

it('takes no answer for lost whose chat is only about to be made', async () => {
  const { store, scope, close } = await openTestStore()
  onTestFinished(close)
  const pace = { rest: 60_000, gather: 60_000, beat: 60_000 }
  const journal = createJournal({ store, server: 'one', pace, log: silent, told: () => {} })
  const begins = { id: 'chat', title: 'Neu', assistantId: null }
  const heard: string[] = []
  const run = { id: 'run', chatId: begins.id, question: 'Was?', questionId: null, startedAt: 1 }
  const page = journal.open(run, { wishes: () => {}, lost: () => void heard.push('lost'), done: () => {} })
  journal.beat()
  await journal.flush()
  expect(heard).toEqual([])
  await store.transaction(scope, tx => store.chats.insert(tx, scope, begins.title, null, null, begins.id))
  page.say({ type: 'started', answerId: run.id, chatId: begins.id })
  await journal.flush()
  expect(await store.answers.get(scope, run.id)).toMatchObject({ chatId: begins.id, events: 1 })
  await journal.close()
})
