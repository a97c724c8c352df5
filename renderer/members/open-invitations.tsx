import { useQuery } from '@tanstack/react-query'
import { useApp, useProject } from '../app-context.ts'
import { Button } from '../parts/button.tsx'
import { useWords } from '../words.tsx'
import { membersOf } from './members-of.ts'

/** Who was asked into the project, and has not come yet. */
export function OpenInvitations({ busy, takeBack }: { busy: boolean; takeBack(id: string, email: string): void }) {
  const words = useWords()
  const { client } = useApp()
  const { data: invitations = [] } = useQuery({
    ...membersOf(client, useProject().id),
    select: all => all.invitations,
  })
  if (invitations.length === 0) return null
  return (
    <section className="mt-5">
      <h3 className="text-sm font-medium">{words('members.invitations')}</h3>
      <ul aria-label={words('members.invitations')} className="mt-2 divide-y divide-line border-y border-line">
        {invitations.map(({ id, email, role, expiresAt }) => (
          <li
            key={id}
            data-invitation={email}
            className="flex flex-wrap items-center justify-between gap-x-3 gap-y-1 py-2"
          >
            <span className="min-w-0 wrap-anywhere">
              {email}
              <span className="block text-sm text-soft">
                {[
                  words(`members.roles.${role}`),
                  words('members.invitationUntil', { date: words.date(expiresAt) }),
                ].join(' · ')}
              </span>
            </span>
            <Button look="quiet" disabled={busy} onClick={() => takeBack(id, email)}>
              {words('members.uninvite')}
              <span className="sr-only">{email}</span>
            </Button>
          </li>
        ))}
      </ul>
    </section>
  )
}
