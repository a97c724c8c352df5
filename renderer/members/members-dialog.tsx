import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { ApiMember } from '../../shared/api/index.ts'
import { useApp, useProject } from '../app-context.ts'
import { Button } from '../parts/button.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { Field, fieldLook, Select } from '../parts/field.tsx'
import { FormProblem } from '../parts/form-problem.tsx'
import { Loading, Problem } from '../parts/problem.tsx'
import { useSending } from '../parts/sending.ts'
import { useChoice } from '../parts/use-choice.ts'
import { keep } from '../queries.ts'
import { useStore } from '../store.ts'
import { useWords, type Words } from '../words.tsx'
import { membersOf } from './members-of.ts'
import { OpenInvitations } from './open-invitations.tsx'

type GivenRole = 'editor' | 'reader'
const givenRoles: readonly GivenRole[] = ['reader', 'editor']

const nameOf = ({ name, email }: Pick<ApiMember, 'name' | 'email'>, words: Words) =>
  name || email || words('members.unnamed')

/** Who has a part in the project, and who is to have one. `left`: one's own part was given up. */
export function MembersDialog({ close, left }: { close(): void; left(): void }) {
  const words = useWords()
  const { client, queries, account, toasts } = useApp()
  const project = useProject()
  const { id: me } = useStore(account)
  const { id: projectId, role: mine } = project
  const own = mine === 'owner'
  const reading = membersOf(client, projectId)
  const query = useQuery({ ...reading, select: all => all.members })
  const { error, busy, send } = useSending()
  const [refusal, setRefusal] = useState<unknown>(null)
  const [count, setCount] = useState(0)
  const run = (act: () => Promise<string | null>) =>
    void send(async () => {
      setRefusal(null)
      const said = await act()
      if (said === null) return
      toasts.show(said)
      void queries.invalidateQueries(reading)
    }, true)
  return (
    <Dialog
      title={words('members.title', { name: words.projectName(project.name) })}
      lead={words('members.lead')}
      open
      close={close}
    >
      <FormProblem error={error ?? refusal} />
      {query.isError && <Problem error={query.error} retry={() => void query.refetch()} />}
      {query.isPending && <Loading />}
      {query.data && (
        <ul aria-label={words('members.list')} className="mt-2 divide-y divide-line border-y border-line">
          {query.data.map(member => (
            <MemberRow key={member.userId} member={member} me={me} own={own} reading={reading} refused={setRefusal} />
          ))}
        </ul>
      )}
      {own && (
        <OpenInvitations
          busy={busy}
          takeBack={(invitationId, email) =>
            run(async () => {
              await client.members.uninvite({ projectId, invitationId })
              return words('members.uninvited', { email })
            })
          }
        />
      )}
      {own ? (
        <AddMember
          // Empty again when one more was asked; a refused address stays to be mended.
          key={count}
          busy={busy}
          add={(email, role) =>
            run(async () => {
              const invited = await client.members.invite({ projectId, email, role })
              setCount(before => before + 1)
              return words('members.invited', { email: invited.email })
            })
          }
        />
      ) : (
        <div className="mt-6 flex flex-wrap items-center justify-between gap-x-6 gap-y-3">
          <p className="min-w-0 grow basis-48 text-sm text-soft">{words('members.leaveLead')}</p>
          <Button
            disabled={busy}
            onClick={() =>
              run(async () => {
                await client.members.remove({ projectId, userId: me })
                left()
                return null
              })
            }
          >
            {words('members.leave')}
          </Button>
        </div>
      )}
    </Dialog>
  )
}

function MemberRow({
  member,
  me,
  own,
  reading,
  refused,
}: {
  member: ApiMember
  me: string
  own: boolean
  reading: ReturnType<typeof membersOf>
  /** Null: it was not. */
  refused(error: unknown): void
}) {
  const words = useWords()
  const { client, queries, toasts } = useApp()
  const { id: projectId } = useProject()
  const { userId, email, role, expiresAt } = member
  const name = nameOf(member, words)
  const { shown, choose } = useChoice<{ role: ApiMember['role'] }>(`member ${projectId} ${userId}`, member, {
    async send({ role: chosen }) {
      const given = chosen === 'editor' ? 'editor' : 'reader'
      refused(null)
      const changed = await client.members.update({ projectId, userId, role: given })
      keep(queries, reading, before => ({
        ...before,
        members: before.members.map(one => (one.userId === userId ? changed : one)),
      }))
      toasts.show(`${name}: ${words(`members.roles.${given}`)}.`)
    },
    refused(error) {
      refused(error)
      void queries.invalidateQueries(reading)
    },
  })
  const remove = async () => {
    try {
      refused(null)
      await client.members.remove({ projectId, userId })
      toasts.show(words('members.removed', { name }))
    } catch (error) {
      refused(error)
    }
    void queries.invalidateQueries(reading)
  }
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-1 py-2.5" data-member={userId}>
      <span className="min-w-0 grow basis-44 wrap-anywhere">
        {name}
        {userId === me && <span className="text-soft"> ({words('members.you')})</span>}
        {email && email !== name && <span className="block text-sm text-soft">{email}</span>}
        {expiresAt !== null && (
          <span className="block text-sm text-soft">{words('members.until', { date: words.instant(expiresAt) })}</span>
        )}
      </span>
      {own && role !== 'owner' ? (
        <span className="flex items-center">
          <Select
            label={words('members.roleOf', { name })}
            hideLabel
            value={shown.role}
            options={givenRoles.map(value => ({ value, label: words(`members.roles.${value}`) }))}
            choose={value => choose({ role: value === 'editor' ? 'editor' : 'reader' })}
          />
          <Button look="quiet" onClick={() => void remove()}>
            {words('members.remove')}
            <span className="sr-only">{name}</span>
          </Button>
        </span>
      ) : (
        <span className="text-sm text-soft">{words(`members.roles.${role}`)}</span>
      )}
    </li>
  )
}

function AddMember({ busy, add }: { busy: boolean; add(email: string, role: GivenRole): void }) {
  const words = useWords()
  const [email, setEmail] = useState('')
  const [role, setRole] = useState<GivenRole>('reader')
  return (
    <form
      className="mt-4"
      onSubmit={event => {
        event.preventDefault()
        add(email.trim(), role)
      }}
    >
      <Field label={words('members.email')} hint={words('members.emailHint')}>
        {ids => (
          <input
            {...ids}
            type="email"
            autoComplete="off"
            required
            maxLength={254}
            value={email}
            onChange={event => setEmail(event.target.value)}
            className={fieldLook}
          />
        )}
      </Field>
      <Field label={words('members.role')}>
        {ids => (
          <select
            {...ids}
            value={role}
            onChange={event => setRole(event.target.value === 'editor' ? 'editor' : 'reader')}
            className={fieldLook}
          >
            {givenRoles.map(one => (
              <option key={one} value={one}>
                {words(`members.roles.${one}`)}: {words(`members.rolesLead.${one}`)}
              </option>
            ))}
          </select>
        )}
      </Field>
      <div className="mt-5 flex justify-end">
        <Button look="main" type="submit" disabled={busy}>
          {words('members.add')}
        </Button>
      </div>
    </form>
  )
}
