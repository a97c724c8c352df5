import type { ApiChat } from '../../shared/api/index.ts'
import { useApp, useProject } from '../app-context.ts'
import type { Way } from '../parts/choice.ts'
import { sentenceOf } from '../parts/problem.tsx'
import { shownBefore, useChoice } from '../parts/use-choice.ts'
import { keep, read } from '../queries.ts'
import { useWords } from '../words.tsx'

/** Whom a chat is with, and which model answers. */
type Chosen = Pick<ApiChat, 'assistantId' | 'model'>

const nothing: Chosen = { assistantId: null, model: null }
const nameOf = (chatId: string) => `chat ${chatId}`

export function useChatChoice(chatId: string, kept: Chosen = nothing) {
  const way = useWay()
  const { shown, choose, sent } = useChoice<Chosen>(nameOf(chatId), kept, way(chatId))
  return { assistantId: shown.assistantId, model: shown.model, choose, sent }
}

/** Of a chat that has only just begun. */
export function useChooseForChat(): (chatId: string, changes: Partial<Chosen>) => void {
  const { choices } = useApp()
  const way = useWay()
  return (chatId, changes) => choices.of<Chosen>(nameOf(chatId)).choose(changes, shownBefore(way(chatId)))
}

function useWay(): (chatId: string) => Way<Chosen> {
  const words = useWords()
  const { client, queries, toasts } = useApp()
  const { id: projectId } = useProject()
  return chatId => ({
    async send(changes) {
      const chat = await client.chats.update({ projectId, chatId, ...changes })
      keep(queries, read.chat(client, projectId, chatId), before => ({ ...before, chat }))
    },
    refused(error) {
      toasts.show(sentenceOf(error, words))
      void queries.invalidateQueries(read.chat(client, projectId, chatId))
    },
  })
}
