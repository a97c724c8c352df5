import { queryOptions, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { Client } from '../../shared/api/client.ts'
import { useApp } from '../app-context.ts'
import { Button } from '../parts/button.tsx'
import { sentenceOf } from '../parts/problem.tsx'
import { read } from '../queries.ts'
import { useWords } from '../words.tsx'

const invitationsOf = (client: Client) =>
  queryOptions({
    queryKey: ['invitations'],
    queryFn: async ({ signal }) => (await client.invitations.list(undefined, { signal })).invitations,
    // No event tells of it: whoever is invited has no part in anything yet.
    refetchInterval: 60_000,
  })

/** The projects that one was asked into, above whatever one is doing, until one says yes or no. */
export function InvitationsNotice() {
  const words = useWords()
  const { client, queries, toasts, options } = useApp()
  const [busy, setBusy] = useState(false)
  const { data: invitations = [] } = useQuery({ ...invitationsOf(client), enabled: options.mode === 'server' })
  if (invitations.length === 0) return null

  const run = async (act: () => Promise<string>) => {
    setBusy(true)
    try {
      toasts.show(await act())
    } catch (error) {
      toasts.show(sentenceOf(error, words))
    }
    setBusy(false)
    void queries.invalidateQueries(invitationsOf(client))
    void queries.invalidateQueries(read.projects(client))
  }
  return (
    <section aria-label={words('members.asked')} className="shrink-0 border-b border-line bg-sunken/60">
      <ul className="divide-y divide-line">
        {invitations.map(({ id: invitationId, project, owner, role }) => {
          const name = words.projectName(project)
          return (
            <li key={invitationId} className="flex flex-wrap items-center gap-x-4 gap-y-1 px-4 py-2 text-sm">
              <span className="min-w-0 grow basis-64 wrap-anywhere">
                {words('members.askedInto', { owner, name, role: words(`members.roles.${role}`) })}
              </span>
              <span className="flex gap-2">
                <Button
                  look="quiet"
                  disabled={busy}
                  onClick={() =>
                    void run(async () => {
                      await client.invitations.decline({ invitationId })
                      return words('members.declined')
                    })
                  }
                >
                  {words('members.decline')}
                  <span className="sr-only">{name}</span>
                </Button>
                <Button
                  disabled={busy}
                  onClick={() =>
                    void run(async () => {
                      await client.invitations.accept({ invitationId })
                      return words('members.accepted', { name })
                    })
                  }
                >
                  {words('members.accept')}
                  <span className="sr-only">{name}</span>
                </Button>
              </span>
            </li>
          )
        })}
      </ul>
    </section>
  )
}
