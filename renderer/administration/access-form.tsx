import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { ApiUser } from '../../shared/api/index.ts'
import { useApp } from '../app-context.ts'
import { Button } from '../parts/button.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { Field, fieldLook } from '../parts/field.tsx'
import { FormProblem } from '../parts/form-problem.tsx'
import { Loading, Problem } from '../parts/problem.tsx'
import { useSending } from '../parts/sending.ts'
import { read } from '../queries.ts'
import { useWords } from '../words.tsx'
import { administrationReads } from './administration-reads.ts'

/** Reading in somebody's project for an hour. Which one, is told by how old it is and how much is in it: nobody else sees its name here. */
export function AccessForm({ person, close }: { person: ApiUser; close(): void }) {
  const words = useWords()
  const { client, queries, toasts } = useApp()
  const { name } = person
  const projects = useQuery(administrationReads.projects(client, person.id))
  const [chosen, setChosen] = useState('')
  const projectId = chosen || (projects.data?.[0]?.id ?? '')
  const [reason, setReason] = useState('')
  const { busy, error, send } = useSending()
  const look = async () => {
    const { until } = await client.administration.access({ projectId, reason })
    toasts.show(words('administration.accessGiven', { date: words.instant(until) }))
    void queries.invalidateQueries(read.projects(client))
    void queries.invalidateQueries({ queryKey: ['audit'] })
    close()
  }
  return (
    <Dialog
      title={words('administration.accessTitle', { name })}
      lead={words('administration.accessLead')}
      open
      close={close}
    >
      <FormProblem error={error} />
      {projects.isError && <Problem error={projects.error} retry={() => void projects.refetch()} />}
      {projects.isPending && <Loading />}
      {projects.data?.length === 0 && <p className="mt-3">{words('administration.accessNone', { name })}</p>}
      {projects.data && projects.data.length > 0 && (
        <form
          onSubmit={event => {
            event.preventDefault()
            void send(look)
          }}
        >
          <Field label={words('administration.accessProject')} hint={words('administration.accessProjectHint')}>
            {ids => (
              <select
                {...ids}
                value={projectId}
                onChange={event => setChosen(event.target.value)}
                className={fieldLook}
              >
                {projects.data.map(({ id, createdAt, documents, bytes }) => (
                  <option key={id} value={id}>
                    {words('administration.accessChoice', {
                      date: words.date(createdAt),
                      documents: words('administration.keeps', { count: documents }),
                      size: words.size(bytes),
                      // As the log has it.
                      end: id.slice(-8),
                    })}
                  </option>
                ))}
              </select>
            )}
          </Field>
          <Field label={words('administration.accessReason')} hint={words('administration.accessReasonHint')}>
            {ids => (
              <textarea
                {...ids}
                rows={3}
                required
                minLength={10}
                maxLength={500}
                value={reason}
                onChange={event => setReason(event.target.value)}
                className={fieldLook}
              />
            )}
          </Field>
          <div className="mt-6 flex flex-wrap justify-end gap-3">
            <Button onClick={close}>{words('app.cancel')}</Button>
            <Button look="main" type="submit" disabled={busy}>
              {words('administration.accessAction')}
            </Button>
          </div>
        </form>
      )}
    </Dialog>
  )
}
