import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { Settings } from '../../shared/api/setting.ts'
import { useApp } from '../app-context.ts'
import { Confirm } from '../parts/dialog.tsx'
import { Select } from '../parts/field.tsx'
import { Loading, Problem, sentenceOf } from '../parts/problem.tsx'
import { useChoice } from '../parts/use-choice.ts'
import { keep } from '../queries.ts'
import { useWords } from '../words.tsx'
import { accountReads } from './account-reads.ts'
import { keepingChoices } from './keeping-choices.ts'

type Kept = Pick<Settings, 'keepChats' | 'keepTrash'>

/** For how long chats are kept, and what was deleted: within what the installation allows. */
export function KeepingPart() {
  const { client } = useApp()
  const query = useQuery(accountReads.settings(client))
  if (query.isError) return <Problem error={query.error} retry={() => void query.refetch()} />
  return query.data ? <Choices kept={query.data} /> : <Loading />
}

function Choices({ kept }: { kept: Settings }) {
  const words = useWords()
  const { client, queries, toasts, session } = useApp()
  const { shown, choose } = useChoice<Kept>('keeping', kept, {
    async send(changes) {
      const settings = await client.settings.update(changes)
      keep(queries, accountReads.settings(client), () => settings)
      toasts.show(words('account.keepSet'))
    },
    refused(error) {
      toasts.show(sentenceOf(error, words))
      void queries.invalidateQueries(accountReads.settings(client))
    },
  })
  // What is shortened is deleted for good, and one key at a select is enough for that: asked before.
  const [less, setLess] = useState<{ which: keyof Kept; days: number }>()
  const name = (days: number | null) => {
    if (days === null) return words('account.keepEver')
    return days === 365 ? words('account.keepYear') : words('account.keepDays', { count: days })
  }
  const row = (which: keyof Kept, most: number | null, usual: readonly number[]) => (
    <div className="mt-3 flex max-w-sm [&>span]:grow [&>span]:justify-between">
      <Select
        label={words(`account.${which}`)}
        value={String(shown[which] ?? '')}
        options={keepingChoices(usual, most, shown[which]).map(({ value, days }) => ({
          value: String(value ?? ''),
          label: name(days),
        }))}
        choose={value => {
          const days = value === '' ? null : Number(value)
          const before = shown[which] ?? most
          if (days !== null && (before === null || days < before)) setLess({ which, days })
          else choose({ [which]: days })
        }}
      />
    </div>
  )
  return (
    <div className="mt-6">
      <h3 className="font-medium">{words('account.keep')}</h3>
      <p className="mt-1 max-w-xl text-sm text-soft">{words('account.keepLead')}</p>
      {row('keepChats', session.keeps.chats, [30, 90, 365])}
      {row('keepTrash', session.keeps.trash, [1, 7, 30, 90, 365])}
      <Confirm
        title={less ? words(`account.keepLess.${less.which}`) : ''}
        lead={less ? words(`account.keepLessLead.${less.which}`, { time: name(less.days) }) : ''}
        action={words('account.keepLessAction')}
        open={less !== undefined}
        close={() => setLess(undefined)}
        confirm={() => less && choose({ [less.which]: less.days })}
      />
    </div>
  )
}
