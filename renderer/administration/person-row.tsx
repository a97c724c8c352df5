import type { ApiUser, ApiUserCounts } from '../../shared/api/index.ts'
import { useApp } from '../app-context.ts'
import { Select } from '../parts/field.tsx'
import { Menu } from '../parts/menu.tsx'
import { sentenceOf } from '../parts/problem.tsx'
import { useChoice } from '../parts/use-choice.ts'
import { keep } from '../queries.ts'
import { useStore } from '../store.ts'
import { useWords } from '../words.tsx'
import { administrationReads } from './administration-reads.ts'

type Role = ApiUser['role']
const roles: readonly Role[] = ['member', 'admin', 'owner']

export function PersonRow({
  person,
  counts,
  setQuota,
  look,
  reset,
  block,
}: {
  person: ApiUser
  counts: ApiUserCounts | undefined
  setQuota(): void
  look(): void
  reset(): void
  /** Or the other way round. */
  block(): void
}) {
  const words = useWords()
  const { client, queries, account, options, toasts } = useApp()
  const me = useStore(account)
  const { id, name, email, role, blocked, emailVerified, secondFactor, createdAt, seenAt } = person
  const { shown, choose } = useChoice<Pick<ApiUser, 'role'>>(`user ${id}`, person, {
    async send(changes) {
      const changed = await client.users.update({ userId: id, ...changes })
      keep(queries, administrationReads.users(client), before => before.map(one => (one.id === id ? changed : one)))
      toasts.show(words('administration.roleSet', { name, role: words(`administration.roles.${changed.role}`) }))
    },
    refused(error) {
      toasts.show(sentenceOf(error, words))
      void queries.invalidateQueries(administrationReads.users(client))
    },
  })
  // Owners are touched, and made, by owners.
  const mine = me.role === 'owner'
  const touchable = mine || role !== 'owner'
  const signs = [
    ...(blocked ? [words('administration.blocked')] : []),
    // Without mail nobody can confirm anything.
    ...(emailVerified || !options.mail ? [] : [words('administration.unverified')]),
    ...(secondFactor ? [words('administration.second')] : []),
  ]
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-1 py-2.5" data-person={email}>
      <span className="min-w-0 grow basis-64 wrap-anywhere">
        <span className={blocked ? 'text-soft line-through' : ''}>{name}</span>
        {id === me.id && <span className="text-soft"> ({words('administration.you')})</span>}
        <span className="block text-sm text-soft">{[email, ...signs].join(' · ')}</span>
        <span className="block text-sm text-soft">
          {[
            ...(counts
              ? [
                  `${words('administration.keeps', { count: counts.documents })} (${words.size(counts.bytes)})`,
                  words('administration.asked', { count: counts.questions }),
                ]
              : []),
            words('administration.since', { date: words.date(createdAt) }),
            seenAt === null
              ? words('administration.neverSeen')
              : words('administration.seen', { date: words.date(seenAt) }),
          ].join(' · ')}
        </span>
      </span>
      <span className="flex items-center gap-1">
        {touchable ? (
          <Select
            label={words('administration.roleOf', { name })}
            hideLabel
            value={shown.role}
            options={roles
              .filter(one => mine || one !== 'owner')
              .map(value => ({ value, label: words(`administration.roles.${value}`) }))}
            choose={value => choose({ role: value as Role })}
          />
        ) : (
          <span className="px-2.5 text-sm text-soft">{words(`administration.roles.${role}`)}</span>
        )}
        <Menu
          label={words('administration.actions', { name })}
          items={[
            { label: words('administration.setQuota'), run: setQuota },
            ...(id !== me.id ? [{ label: words('administration.access'), run: look }] : []),
            ...(touchable ? [{ label: words('administration.reset'), run: reset }] : []),
            ...(touchable && id !== me.id
              ? [
                  {
                    label: words(blocked ? 'administration.unblock' : 'administration.block'),
                    run: block,
                    danger: !blocked,
                  },
                ]
              : []),
          ]}
        />
      </span>
    </li>
  )
}
