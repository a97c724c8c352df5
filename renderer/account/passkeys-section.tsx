import { useQuery } from '@tanstack/react-query'
import { Plus } from 'lucide-react'
import { useState } from 'react'
import { useApp } from '../app-context.ts'
import { Button } from '../parts/button.tsx'
import { Confirm } from '../parts/dialog.tsx'
import { NameDialog } from '../parts/name-dialog.tsx'
import { Loading, Problem, sentenceOf } from '../parts/problem.tsx'
import { Section } from '../parts/section.tsx'
import { useWords } from '../words.tsx'
import { accountReads, useAccountReads } from './account-reads.ts'
import { makePasskey, passkeysWork } from './passkeys.ts'
import { useProof } from './use-proof.tsx'

export function PasskeysSection() {
  const words = useWords()
  const { client, toasts } = useApp()
  const { refresh } = useAccountReads()
  const query = useQuery(accountReads.passkeys(client))
  const [adding, setAdding] = useState(false)
  const [removing, setRemoving] = useState<{ id: string; name: string } | null>(null)
  const { proven, dialog } = useProof()
  const can = passkeysWork()
  const add = async (name: string) => {
    await proven(async () => {
      const response = await makePasskey(await client.auth.beginPasskey())
      await client.auth.addPasskey({ response, name })
    })
    toasts.show(words('account.passkeyAdded'))
    refresh('passkeys')
  }
  const remove = async (passkeyId: string) => {
    try {
      await proven(() => client.auth.removePasskey({ passkeyId }))
    } catch (error) {
      toasts.show(sentenceOf(error, words))
    }
    refresh('passkeys')
  }
  return (
    <Section
      title={words('account.passkeys')}
      lead={words('account.passkeysLead')}
      actions={
        can && (
          <Button onClick={() => setAdding(true)}>
            <Plus aria-hidden className="size-4" />
            {words('account.passkeyAdd')}
          </Button>
        )
      }
    >
      {query.isError && <Problem error={query.error} retry={() => void query.refetch()} />}
      {query.isPending && <Loading />}
      {!can && <p className="mt-3 text-sm text-soft">{words('account.passkeysCannot')}</p>}
      {can && query.data?.length === 0 && <p className="mt-3 text-sm text-soft">{words('account.passkeysNone')}</p>}
      {query.data && query.data.length > 0 && (
        <ul aria-label={words('account.passkeys')} className="mt-4 divide-y divide-line border-y border-line">
          {query.data.map(({ id, name: given, createdAt }) => {
            const name = given ?? words('account.passkeyUnnamed')
            return (
              <li key={id} className="flex flex-wrap items-center justify-between gap-x-4 py-2">
                <span className="min-w-0 wrap-anywhere">
                  {name}
                  {createdAt !== null && (
                    <span className="block text-sm text-soft">
                      {words('account.since', { date: words.date(createdAt) })}
                    </span>
                  )}
                </span>
                <Button look="quiet" className="max-sm:-ml-3" onClick={() => setRemoving({ id, name })}>
                  {words('account.remove')}
                  <span className="sr-only">{name}</span>
                </Button>
              </li>
            )
          })}
        </ul>
      )}
      {adding && (
        <NameDialog
          title={words('account.passkeyAdd')}
          lead={`${words('account.passkeyAddLead')} ${words('account.passkeyNameHint')}`}
          label={words('account.passkeyName')}
          action={words('account.next')}
          longest={100}
          save={add}
          close={() => setAdding(false)}
        />
      )}
      <Confirm
        open={removing !== null}
        title={words('account.passkeyRemove', { name: removing?.name ?? '' })}
        lead={words('account.passkeyRemoveLead')}
        action={words('account.remove')}
        close={() => setRemoving(null)}
        confirm={() => removing && void remove(removing.id)}
      />
      {dialog}
    </Section>
  )
}
