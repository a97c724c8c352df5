import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { ApiAssistant } from '../../shared/api/index.ts'
import { useApp, useProject } from '../app-context.ts'
import { Button } from '../parts/button.tsx'
import { Field, fieldLook } from '../parts/field.tsx'
import { Problem } from '../parts/problem.tsx'
import { read } from '../queries.ts'
import { useWords } from '../words.tsx'

/** How many documents are offered to choose from. */
const most = 200

export function AssistantForm({
  assistant,
  cancel,
  saved,
}: {
  assistant: ApiAssistant | null
  cancel(): void
  saved(): void
}) {
  const words = useWords()
  const { client } = useApp()
  const project = useProject()
  const { data: models = [] } = useQuery(read.models(client))
  const [values, setValues] = useState({
    name: assistant?.name ?? '',
    instructions: assistant?.instructions ?? '',
    language: assistant?.language ?? null,
    model: assistant?.model ?? null,
    temperature: assistant?.temperature ?? null,
    documents: assistant?.documents ?? null,
  })
  const [error, setError] = useState<unknown>(null)
  const change = (changed: Partial<typeof values>) => setValues({ ...values, ...changed })
  const names = models.filter(({ role, problem }) => role === 'chat' && !problem).map(({ name }) => name)
  // A model that is gone stays visible as what was chosen.
  const choices = values.model && !names.includes(values.model) ? [values.model, ...names] : names
  const incomplete = values.name.trim() === '' || values.documents?.length === 0

  const save = async () => {
    try {
      const { id: projectId } = project
      if (assistant) await client.assistants.update({ projectId, assistantId: assistant.id, ...values })
      else await client.assistants.create({ projectId, ...values })
      saved()
    } catch (thrown) {
      setError(thrown)
    }
  }
  return (
    <form
      onSubmit={event => {
        event.preventDefault()
        void save()
      }}
    >
      <Field label={words('assistants.name')}>
        {ids => (
          <input
            {...ids}
            required
            maxLength={200}
            value={values.name}
            onChange={event => change({ name: event.target.value })}
            className={fieldLook}
          />
        )}
      </Field>
      <Field label={words('assistants.instructions')} hint={words('assistants.instructionsHint')}>
        {ids => (
          <textarea
            {...ids}
            rows={4}
            maxLength={8000}
            value={values.instructions}
            onChange={event => change({ instructions: event.target.value })}
            className={fieldLook}
          />
        )}
      </Field>
      <Field label={words('assistants.language')}>
        {ids => (
          <select
            {...ids}
            value={values.language ?? ''}
            onChange={event =>
              change({ language: event.target.value === '' ? null : (event.target.value as 'de' | 'en') })
            }
            className={fieldLook}
          >
            <option value="">{words('assistants.asQuestion')}</option>
            <option value="de">{words('language.de')}</option>
            <option value="en">{words('language.en')}</option>
          </select>
        )}
      </Field>
      {choices.length > 0 && (
        <Field label={words('assistants.model')}>
          {ids => (
            <select
              {...ids}
              value={values.model ?? ''}
              onChange={event => change({ model: event.target.value || null })}
              className={fieldLook}
            >
              <option value="">{words('assistants.modelInUse')}</option>
              {choices.map(name => (
                <option key={name}>{name}</option>
              ))}
            </select>
          )}
        </Field>
      )}
      <Field label={words('assistants.temperature')} hint={words('assistants.temperatureHint')}>
        {ids => (
          <input
            {...ids}
            type="number"
            min={0}
            max={2}
            step={0.1}
            value={values.temperature ?? ''}
            onChange={event => change({ temperature: event.target.value === '' ? null : event.target.valueAsNumber })}
            className={fieldLook}
          />
        )}
      </Field>
      <Documents chosen={values.documents} choose={documents => change({ documents })} />
      {error !== null && <Problem error={error} />}
      <div className="mt-6 flex justify-end gap-3">
        <Button onClick={cancel}>{words('app.cancel')}</Button>
        <Button look="main" type="submit" disabled={incomplete}>
          {words('app.save')}
        </Button>
      </div>
    </form>
  )
}

function Documents({ chosen, choose }: { chosen: string[] | null; choose(documents: string[] | null): void }) {
  const words = useWords()
  const { client } = useApp()
  const project = useProject()
  const { data } = useQuery({
    queryKey: ['documents', project.id, 'choice'],
    queryFn: ({ signal }) => client.documents.list({ projectId: project.id, limit: most }, { signal }),
  })
  const [before, setBefore] = useState<string[]>(chosen ?? [])
  return (
    <fieldset className="mt-5">
      <legend className="mb-1 text-sm font-medium">{words('assistants.documents')}</legend>
      <label className="flex min-h-9 items-center gap-3 text-sm">
        <input
          type="radio"
          name="documents"
          checked={chosen === null}
          onChange={() => {
            setBefore(chosen ?? [])
            choose(null)
          }}
          className="size-4 accent-accent"
        />
        {words('assistants.allDocuments')}
      </label>
      <label className="flex min-h-9 items-center gap-3 text-sm">
        <input
          type="radio"
          name="documents"
          checked={chosen !== null}
          onChange={() => choose(before)}
          className="size-4 accent-accent"
        />
        {words('assistants.someDocuments')}
      </label>
      {chosen !== null && (
        <>
          <ul className="mt-1 max-h-56 overflow-y-auto rounded-lg border border-line px-3 py-1.5">
            {data?.documents.map(({ id, path }) => (
              <li key={id}>
                <label className="flex min-h-8 items-center gap-3 text-sm">
                  <input
                    type="checkbox"
                    checked={chosen.includes(id)}
                    onChange={event =>
                      choose(event.target.checked ? [...chosen, id] : chosen.filter(other => other !== id))
                    }
                    className="size-4 shrink-0 accent-accent"
                  />
                  <span className="truncate">{path}</span>
                </label>
              </li>
            ))}
          </ul>
          <p className="mt-1.5 text-xs text-soft">
            {chosen.length === 0
              ? words('assistants.needsDocument')
              : words('assistants.chosen', { count: chosen.length })}
            {data &&
              data.total > data.documents.length &&
              ` ${words('assistants.firstOnly', { count: data.documents.length })}`}
          </p>
        </>
      )}
    </fieldset>
  )
}
