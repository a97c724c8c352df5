import { useState } from 'react'
import { useApp } from '../app-context.ts'
import { Button } from '../parts/button.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { Field, fieldLook } from '../parts/field.tsx'
import { FormProblem } from '../parts/form-problem.tsx'
import { useSending } from '../parts/sending.ts'
import { read } from '../queries.ts'
import { useWords } from '../words.tsx'

/** Reading in somebody's project for an hour. Which one, its owner says: nobody else sees its name here. */
export function AccessForm({ close }: { close(): void }) {
  const words = useWords()
  const { client, queries, toasts } = useApp()
  const [projectId, setProjectId] = useState('')
  const [reason, setReason] = useState('')
  const { busy, error, send } = useSending()
  const look = async () => {
    const { until } = await client.administration.access({ projectId: projectId.trim(), reason })
    toasts.show(words('administration.accessGiven', { date: words.instant(until) }))
    void queries.invalidateQueries(read.projects(client))
    void queries.invalidateQueries({ queryKey: ['audit'] })
    close()
  }
  return (
    <Dialog title={words('administration.access')} lead={words('administration.accessLead')} open close={close}>
      <FormProblem error={error} />
      <form
        onSubmit={event => {
          event.preventDefault()
          void send(look)
        }}
      >
        <Field label={words('administration.accessProject')} hint={words('administration.accessProjectHint')}>
          {ids => (
            <input
              {...ids}
              autoFocus
              autoComplete="off"
              spellCheck={false}
              required
              maxLength={36}
              value={projectId}
              onChange={event => setProjectId(event.target.value)}
              className={fieldLook}
            />
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
    </Dialog>
  )
}
