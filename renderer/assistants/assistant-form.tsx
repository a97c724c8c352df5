import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { ApiAssistant } from '../../shared/api/index.ts'
import { toAppError } from '../../shared/errors.ts'
import { useApp, useProject } from '../app-context.ts'
import { Button } from '../parts/button.tsx'
import { Field, fieldLook } from '../parts/field.tsx'
import { Problem } from '../parts/problem.tsx'
import { read } from '../queries.ts'
import { useWords } from '../words.tsx'
import { DocumentChoice } from './document-choice.tsx'

/** As the server has it. */
const longestName = 100

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
  const ofName = error !== null && toAppError(error).code === 'name-invalid'
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
      <Field label={words('assistants.name')} error={ofName ? error : null}>
        {ids => (
          <input
            {...ids}
            required
            maxLength={longestName}
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
      <Field label={words('assistants.language')} hint={words('assistants.languageHint')}>
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
      <DocumentChoice chosen={values.documents} choose={documents => change({ documents })} />
      {error !== null && !ofName && <Problem error={error} />}
      <div className="mt-6 flex justify-end gap-3">
        <Button onClick={cancel}>{words('app.cancel')}</Button>
        <Button look="main" type="submit" disabled={incomplete}>
          {words('app.save')}
        </Button>
      </div>
    </form>
  )
}
