import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useApp } from '../app-context.ts'
import { Button } from '../parts/button.tsx'
import { Confirm } from '../parts/dialog.tsx'
import { sentenceOf } from '../parts/problem.tsx'
import { useWords } from '../words.tsx'
import { accountReads, useAccountReads } from './account-reads.ts'

/** One's own chats in projects that one has no part in any more; nothing where there are none. */
export function LeftChats() {
  const words = useWords()
  const { client, toasts } = useApp()
  const { refresh } = useAccountReads()
  const query = useQuery(accountReads.leftChats(client))
  const [asking, setAsking] = useState<{ id: string; title: string } | null>(null)
  if (!query.data || query.data.length === 0) return null
  const remove = async ({ id, title }: { id: string; title: string }) => {
    try {
      await client.own.deleteLeftChat({ chatId: id })
      toasts.show(words('account.leftRemoved', { title }))
    } catch (error) {
      toasts.show(sentenceOf(error, words))
    }
    refresh('left-chats')
  }
  return (
    <div className="mt-6">
      <h3 className="font-medium">{words('account.left')}</h3>
      <p className="mt-1 max-w-xl text-sm text-soft">{words('account.leftLead')}</p>
      <ul aria-label={words('account.left')} className="mt-4 divide-y divide-line border-y border-line">
        {query.data.map(({ id, title, createdAt }) => (
          <li key={id} className="flex items-center justify-between gap-x-4 py-2">
            <span className="min-w-0 wrap-anywhere">
              {title}
              <span className="block text-sm text-soft">{words.date(createdAt)}</span>
            </span>
            <Button look="quiet" onClick={() => setAsking({ id, title })}>
              {words('account.leftRemove')}
              <span className="sr-only">{title}</span>
            </Button>
          </li>
        ))}
      </ul>
      <Confirm
        open={asking !== null}
        title={words('account.leftAsk', { title: asking?.title ?? '' })}
        lead={words('account.leftAskLead')}
        action={words('account.leftRemove')}
        close={() => setAsking(null)}
        confirm={() => asking && void remove(asking)}
      />
    </div>
  )
}
