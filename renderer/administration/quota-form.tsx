import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { ApiQuotaState, ApiUser } from '../../shared/api/index.ts'
import { useApp } from '../app-context.ts'
import { Button } from '../parts/button.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { Field, fieldLook } from '../parts/field.tsx'
import { FormProblem } from '../parts/form-problem.tsx'
import { Loading, Problem } from '../parts/problem.tsx'
import { useSending } from '../parts/sending.ts'
import { useWords } from '../words.tsx'
import { administrationReads } from './administration-reads.ts'
import { amountOf, megabyte, typedOf } from './quota-amounts.ts'

const kinds = ['files', 'bytes', 'questions'] as const
const labels = {
  files: 'administration.quotaFiles',
  bytes: 'administration.quotaBytes',
  questions: 'administration.quotaQuestions',
} as const

/** What one user may use, beside what the installation says. */
export function QuotaForm({ person, close }: { person: ApiUser; close(): void }) {
  const words = useWords()
  const { client } = useApp()
  const query = useQuery({ ...administrationReads.quota(client, person.id), gcTime: 0 })
  return (
    <Dialog
      title={words('administration.quotaTitle', { name: person.name })}
      lead={words('administration.quotaLead')}
      open
      close={close}
    >
      {query.isError && <Problem error={query.error} retry={() => void query.refetch()} />}
      {query.isPending && <Loading />}
      {query.data && <Amounts person={person} state={query.data} close={close} />}
    </Dialog>
  )
}

function Amounts({ person, state, close }: { person: ApiUser; state: ApiQuotaState; close(): void }) {
  const words = useWords()
  const { client, toasts } = useApp()
  const { own, quota, used } = state
  const [typed, setTyped] = useState(() => ({
    files: typedOf(own.files, 1),
    bytes: typedOf(own.bytes, megabyte),
    questions: typedOf(own.questions, 1),
  }))
  const { busy, error, send } = useSending()
  const save = async () => {
    await client.administration.setQuota({
      userId: person.id,
      files: amountOf(typed.files, 1),
      bytes: amountOf(typed.bytes, megabyte),
      questions: amountOf(typed.questions, 1),
    })
    toasts.show(words('administration.quotaSaved'))
    close()
  }
  return (
    <form
      onSubmit={event => {
        event.preventDefault()
        void send(save)
      }}
    >
      <FormProblem error={error} />
      {kinds.map(kind => {
        const written = (value: number) => (kind === 'bytes' ? words.size(value) : words.number(value))
        const limit = quota[kind]
        return (
          <Field
            key={kind}
            label={words(labels[kind])}
            hint={words('administration.quotaNow', {
              used: written(used[kind]),
              limit: limit === null ? words('administration.quotaNone') : written(limit),
            })}
          >
            {ids => (
              <input
                {...ids}
                type="number"
                inputMode="numeric"
                min={0}
                max={1_000_000_000}
                step={kind === 'bytes' ? 'any' : 1}
                value={typed[kind]}
                onChange={event => setTyped(before => ({ ...before, [kind]: event.target.value }))}
                className={fieldLook}
              />
            )}
          </Field>
        )
      })}
      <div className="mt-6 flex flex-wrap justify-end gap-3">
        <Button onClick={close}>{words('app.cancel')}</Button>
        <Button look="main" type="submit" disabled={busy}>
          {words('app.save')}
        </Button>
      </div>
    </form>
  )
}
