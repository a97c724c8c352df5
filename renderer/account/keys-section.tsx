import { useQuery } from '@tanstack/react-query'
import { Plus } from 'lucide-react'
import { useState } from 'react'
import { useApp } from '../app-context.ts'
import { Button } from '../parts/button.tsx'
import { Confirm, Dialog } from '../parts/dialog.tsx'
import { Loading, Problem, sentenceOf } from '../parts/problem.tsx'
import { Section } from '../parts/section.tsx'
import { useWords } from '../words.tsx'
import { accountReads, useAccountReads } from './account-reads.ts'
import { CopyButton } from './copy-button.tsx'
import { KeyForm } from './key-form.tsx'

/** Keys of programs. */
export function KeysSection() {
  const words = useWords()
  const { client, toasts } = useApp()
  const { refresh } = useAccountReads()
  const query = useQuery(accountReads.keys(client))
  const [adding, setAdding] = useState(false)
  const [made, setMade] = useState<string | null>(null)
  const [removing, setRemoving] = useState<{ id: string; name: string } | null>(null)
  const remove = async (keyId: string) => {
    try {
      await client.auth.removeKey({ keyId })
      toasts.show(words('account.keyRemoved'))
    } catch (error) {
      toasts.show(sentenceOf(error, words))
    }
    refresh('keys')
  }
  return (
    <Section
      title={words('account.keys')}
      lead={words('account.keysLead')}
      actions={
        <Button onClick={() => setAdding(true)}>
          <Plus aria-hidden className="size-4" />
          {words('account.keyAdd')}
        </Button>
      }
    >
      {query.isError && <Problem error={query.error} retry={() => void query.refetch()} />}
      {query.isPending && <Loading />}
      {query.data?.length === 0 && <p className="mt-3 text-sm text-soft">{words('account.keysNone')}</p>}
      {query.data && query.data.length > 0 && (
        <ul aria-label={words('account.keys')} className="mt-4 divide-y divide-line border-y border-line">
          {query.data.map(({ id, name, shown, scopes, usedAt, expiresAt }) => (
            <li key={id} className="flex flex-wrap items-center justify-between gap-x-4 gap-y-1 py-2">
              <span className="min-w-0 wrap-anywhere">
                {name}
                <span className="block text-sm text-soft">
                  {scopes.map(scope => words(`account.scopes.${scope}`)).join('; ')}
                </span>
                <span className="block text-sm text-soft">
                  {words('account.keyBegins', { shown: `${shown}…` })},{' '}
                  {usedAt === null
                    ? words('account.keyUnused')
                    : words('account.keyUsed', { date: words.instant(usedAt) })}
                  {expiresAt !== null &&
                    `, ${words(expiresAt > Date.now() ? 'account.keyUntil' : 'account.keyEnded', { date: words.date(expiresAt) })}`}
                </span>
              </span>
              <Button look="quiet" className="max-sm:-ml-3" onClick={() => setRemoving({ id, name })}>
                {words('account.remove')}
                <span className="sr-only">{name}</span>
              </Button>
            </li>
          ))}
        </ul>
      )}
      {adding && (
        <KeyForm
          close={() => setAdding(false)}
          made={key => {
            setAdding(false)
            setMade(key)
            refresh('keys')
          }}
        />
      )}
      {made !== null && (
        <Dialog title={words('account.keyMade')} lead={words('account.keyMadeLead')} open close={() => setMade(null)}>
          <p
            data-key
            className="mt-2 rounded-lg border border-line bg-sunken px-4 py-3 font-mono text-sm wrap-anywhere select-all"
          >
            {made}
          </p>
          <div className="mt-6 flex flex-wrap justify-end gap-3">
            <CopyButton text={made} />
            <Button look="main" onClick={() => setMade(null)}>
              {words('account.done')}
            </Button>
          </div>
        </Dialog>
      )}
      <Confirm
        open={removing !== null}
        title={words('account.keyRemove', { name: removing?.name ?? '' })}
        lead={words('account.keyRemoveLead')}
        action={words('account.remove')}
        close={() => setRemoving(null)}
        confirm={() => removing && void remove(removing.id)}
      />
    </Section>
  )
}
