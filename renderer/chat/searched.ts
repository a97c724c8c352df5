import { useQuery } from '@tanstack/react-query'
import { createContext, useContext } from 'react'
import { useApp, useProject } from '../app-context.ts'
import { read } from '../queries.ts'

/** The assistant that answers here; null: nobody in particular. */
export const AssistantContext = createContext<string | null>(null)

/**
 * How many documents a question is held against as things are now, and how many are still being read; undefined until
 * known. An assistant may have been given only some.
 */
export function useSearched(): { ready: number; working: number } | undefined {
  const { client } = useApp()
  const { id } = useProject()
  const assistantId = useContext(AssistantContext)
  const { data } = useQuery(read.counts(client, id))
  const assistants = useQuery({ ...read.assistants(client, id), enabled: assistantId !== null })
  if (!data) return undefined
  const chosen = assistants.data?.find(one => one.id === assistantId)?.documents
  const { recognizing } = data
  const { ready = 0, queued = 0, parsing = 0, indexing = 0 } = data.states
  return chosen
    ? { ready: Math.min(chosen.length, ready), working: 0 }
    : { ready: ready - recognizing, working: queued + parsing + indexing + recognizing }
}
