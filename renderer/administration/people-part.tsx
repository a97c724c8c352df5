import { useQuery } from '@tanstack/react-query'
import { Plus } from 'lucide-react'
import { useState } from 'react'
import type { ApiUser } from '../../shared/api/index.ts'
import { useApp } from '../app-context.ts'
import { Button } from '../parts/button.tsx'
import { Confirm } from '../parts/dialog.tsx'
import { Loading, Problem, sentenceOf } from '../parts/problem.tsx'
import { Section } from '../parts/section.tsx'
import { useWords } from '../words.tsx'
import { AccessForm } from './access-form.tsx'
import { administrationReads } from './administration-reads.ts'
import { InviteForm } from './invite-form.tsx'
import { LinkDialog } from './link-dialog.tsx'
import { PersonRow } from './person-row.tsx'
import { QuotaForm } from './quota-form.tsx'

type Asking = { what: 'block' | 'reset' | 'quota' | 'look'; person: ApiUser } | { what: 'invite' } | null

/** Everybody with an account, and who was invited. */
export function PeoplePart() {
  const words = useWords()
  const { client, queries, toasts } = useApp()
  const users = useQuery(administrationReads.users(client))
  const invitations = useQuery(administrationReads.invitations(client))
  const { data: counters } = useQuery(administrationReads.counters(client))
  const [asking, ask] = useState<Asking>(null)
  const [link, setLink] = useState<string | null>(null)

  const refresh = () => {
    for (const name of ['users', 'invitations']) void queries.invalidateQueries({ queryKey: ['administration', name] })
  }
  const run = async (act: () => Promise<string | null>) => {
    try {
      const said = await act()
      if (said !== null) toasts.show(said)
    } catch (error) {
      toasts.show(sentenceOf(error, words))
    }
    refresh()
  }
  const block = (person: ApiUser, blocked: boolean) =>
    run(async () => {
      await client.users.update({ userId: person.id, blocked })
      return words(blocked ? 'administration.isBlocked' : 'administration.isUnblocked', { name: person.name })
    })
  const reset = (person: ApiUser) =>
    run(async () => {
      const made = await client.users.resetPassword({ userId: person.id })
      setLink(made.link)
      return made.link === null ? words('administration.resetSent', { name: person.name }) : null
    })
  const person = asking !== null && 'person' in asking ? asking.person : null
  const close = () => ask(null)
  return (
    <>
      <Section
        title={words('administration.people')}
        actions={
          <Button onClick={() => ask({ what: 'invite' })}>
            <Plus aria-hidden className="size-4" />
            {words('administration.invite')}
          </Button>
        }
      >
        {users.isError && <Problem error={users.error} retry={() => void users.refetch()} />}
        {users.isPending && <Loading />}
        {users.data && (
          <ul aria-label={words('administration.people')} className="mt-4 divide-y divide-line border-y border-line">
            {users.data.map(one => (
              <PersonRow
                key={one.id}
                person={one}
                counts={counters?.get(one.id)}
                setQuota={() => ask({ what: 'quota', person: one })}
                look={() => ask({ what: 'look', person: one })}
                reset={() => ask({ what: 'reset', person: one })}
                block={() => (one.blocked ? void block(one, false) : ask({ what: 'block', person: one }))}
              />
            ))}
          </ul>
        )}
      </Section>
      <Section title={words('administration.invitations')}>
        {invitations.isError && <Problem error={invitations.error} retry={() => void invitations.refetch()} />}
        {invitations.isPending && <Loading />}
        {invitations.data?.length === 0 && (
          <p className="mt-3 text-sm text-soft">{words('administration.invitationsNone')}</p>
        )}
        {invitations.data && invitations.data.length > 0 && (
          <ul
            aria-label={words('administration.invitations')}
            className="mt-4 divide-y divide-line border-y border-line"
          >
            {invitations.data.map(({ id, email, role, inviter, expiresAt }) => (
              <li key={id} className="flex flex-wrap items-center justify-between gap-x-4 gap-y-1 py-2">
                <span className="min-w-0 wrap-anywhere">
                  {email}
                  <span className="block text-sm text-soft">
                    {[
                      words(`administration.roles.${role}`),
                      ...(inviter ? [words('administration.invitedBy', { name: inviter })] : []),
                      words('administration.until', { date: words.date(expiresAt) }),
                    ].join(' · ')}
                  </span>
                </span>
                <Button
                  look="quiet"
                  className="max-sm:-ml-3"
                  onClick={() =>
                    void run(async () => {
                      await client.users.uninvite({ invitationId: id })
                      return words('administration.uninvited', { email })
                    })
                  }
                >
                  {words('administration.uninvite')}
                  <span className="sr-only">{email}</span>
                </Button>
              </li>
            ))}
          </ul>
        )}
      </Section>
      {asking?.what === 'invite' && (
        <InviteForm
          close={close}
          invited={(email, made) => {
            close()
            refresh()
            setLink(made)
            if (made === null) toasts.show(words('administration.invitedByMail', { email }))
          }}
        />
      )}
      {asking?.what === 'quota' && <QuotaForm person={asking.person} close={close} />}
      {asking?.what === 'look' && <AccessForm person={asking.person} close={close} />}
      <Confirm
        open={asking?.what === 'block'}
        title={words('administration.blockAsk', { name: person?.name ?? '' })}
        lead={words('administration.blockLead')}
        action={words('administration.blockAction')}
        close={close}
        confirm={() => person && void block(person, true)}
      />
      <Confirm
        open={asking?.what === 'reset'}
        title={words('administration.resetAsk', { name: person?.name ?? '' })}
        lead={words('administration.resetLead')}
        action={words('administration.resetAction')}
        close={close}
        confirm={() => person && void reset(person)}
      />
      {link !== null && <LinkDialog link={link} close={() => setLink(null)} />}
    </>
  )
}
