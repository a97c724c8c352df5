import { queryOptions } from '@tanstack/react-query'
import type { Client } from '../../shared/api/client.ts'
import { useApp } from '../app-context.ts'

type Name = 'sessions' | 'passkeys' | 'keys' | 'left-chats'

/** What is read of one's own account, anew each time one looks: no event tells of it. */
export const accountReads = {
  sessions: (client: Client) =>
    queryOptions({
      queryKey: ['account', 'sessions'],
      queryFn: async ({ signal }) => (await client.auth.sessions(undefined, { signal })).sessions,
      staleTime: 0,
    }),
  passkeys: (client: Client) =>
    queryOptions({
      queryKey: ['account', 'passkeys'],
      queryFn: async ({ signal }) => (await client.auth.passkeys(undefined, { signal })).passkeys,
      staleTime: 0,
    }),
  keys: (client: Client) =>
    queryOptions({
      queryKey: ['account', 'keys'],
      queryFn: async ({ signal }) => (await client.auth.keys(undefined, { signal })).keys,
      staleTime: 0,
    }),
  settings: (client: Client) =>
    queryOptions({
      queryKey: ['account', 'settings'],
      queryFn: ({ signal }) => client.settings.get(undefined, { signal }),
      staleTime: 0,
    }),
  leftChats: (client: Client) =>
    queryOptions({
      queryKey: ['account', 'left-chats'],
      queryFn: async ({ signal }) => (await client.own.leftChats(undefined, { signal })).chats,
      staleTime: 0,
    }),
}

export function useAccountReads(): { refresh(name: Name): void } {
  const { queries } = useApp()
  return { refresh: name => void queries.invalidateQueries({ queryKey: ['account', name] }) }
}
