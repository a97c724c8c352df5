import { useQuery } from '@tanstack/react-query'
import { useId } from 'react'
import type { ApiProject } from '../../shared/api/index.ts'
import { useApp, useProject } from '../app-context.ts'
import { answeringOf, placeOf } from '../chat/model-choice.tsx'
import { IndexStatus } from '../models/index-status.tsx'
import { Field, fieldLook } from '../parts/field.tsx'
import { Link } from '../parts/link.tsx'
import { Problem, sentenceOf } from '../parts/problem.tsx'
import { useChoice } from '../parts/use-choice.ts'
import { keep, read } from '../queries.ts'
import { useWords } from '../words.tsx'

type Chosen = Pick<ApiProject, 'localOnly' | 'providers' | 'chatModel'>

/** Which models may work on this project, and which one answers. */
export function ProjectModels() {
  const words = useWords()
  const { client, queries, toasts } = useApp()
  const project = useProject()
  const models = useQuery(read.allModels(client, project.id))
  const { data: providers = [] } = useQuery(read.providers(client))
  const id = useId()
  const { shown, choose } = useChoice<Chosen>(`models of ${project.id}`, project, {
    async send(changes) {
      const changed = await client.projects.update({ projectId: project.id, ...changes })
      keep(queries, read.projects(client), before => before.map(one => (one.id === changed.id ? changed : one)))
      void queries.invalidateQueries({ queryKey: ['models'] })
    },
    refused(error) {
      toasts.show(sentenceOf(error, words))
      for (const key of ['projects', 'models']) void queries.invalidateQueries({ queryKey: [key] })
    },
  })
  const { localOnly, providers: allowed, chatModel } = shown
  const remote = providers.filter(({ here }) => !here)

  const allow = (slug: string, on: boolean) => {
    const all = providers.map(one => one.slug)
    const before = allowed ?? all
    const after = on ? [...before.filter(one => one !== slug), slug] : before.filter(one => one !== slug)
    choose({ providers: all.every(one => after.includes(one)) ? null : after })
  }
  const all = models.data ? answeringOf(models.data, words) : []
  const gone = chatModel !== null && models.data !== undefined && !all.some(({ reference }) => reference === chatModel)
  return (
    <section aria-labelledby={id} className="mt-8 max-w-xl border-t border-line pt-6">
      <h2 id={id} className="mb-1 font-medium">
        {words('projectModels.title', { name: words.projectName(project.name) })}
      </h2>
      {models.isError && <Problem error={models.error} retry={() => void models.refetch()} />}
      <label className="mt-3 flex min-h-10 items-start gap-3">
        <input
          type="checkbox"
          checked={localOnly}
          aria-describedby={`${id}-local`}
          onChange={event => choose({ localOnly: event.target.checked })}
          className="mt-0.5 size-5 shrink-0 accent-accent"
        />
        <span>
          {words('projectModels.localOnly')}
          <span id={`${id}-local`} className="block text-sm text-soft">
            {words('projectModels.localOnlyLead')}
          </span>
        </span>
      </label>
      {providers.length > 0 && (
        <fieldset className="mt-4">
          <legend className="text-sm font-medium">{words('projectModels.allowed')}</legend>
          <ul className="mt-1">
            {providers.map(({ slug, name, here, enabled }) => (
              <li key={slug}>
                <label className="inline-flex min-h-10 items-center gap-3">
                  <input
                    type="checkbox"
                    checked={(allowed === null || allowed.includes(slug)) && (here || !localOnly)}
                    disabled={localOnly && !here}
                    onChange={event => allow(slug, event.target.checked)}
                    className="size-5 accent-accent"
                  />
                  <span>
                    {name}{' '}
                    <span className="text-sm text-soft">
                      {words(
                        enabled ? (here ? 'models.onThisComputer' : 'projectModels.elsewhere') : 'projectModels.off',
                      )}
                    </span>
                  </span>
                </label>
              </li>
            ))}
          </ul>
          {!localOnly && remote.length > 0 && (
            <p className="mt-1 text-xs text-soft">{words('projectModels.allowedLead')}</p>
          )}
        </fieldset>
      )}
      <Field label={words('projectModels.answers')} hint={words('projectModels.answersHint')}>
        {ids => (
          <select
            {...ids}
            value={chatModel ?? ''}
            onChange={event => choose({ chatModel: event.target.value === '' ? null : event.target.value })}
            className={fieldLook}
          >
            <option value="">{words('projectModels.usual')}</option>
            {gone && <option value={chatModel}>{chatModel}</option>}
            {all.map(({ reference, name, problem, ...place }) => (
              <option key={reference} value={reference} disabled={problem !== null && reference !== chatModel}>
                {name} ({placeOf(place, words)})
              </option>
            ))}
          </select>
        )}
      </Field>
      <div className="mt-5">
        <h3 className="text-sm font-medium">{words('index.title')}</h3>
        <IndexStatus />
      </div>
      <p className="mt-4 flex flex-wrap gap-x-6 gap-y-2 text-sm">
        <Link view="models" className="text-accent underline underline-offset-4">
          {words('ask.manageModels')}
        </Link>
        <Link view="ledger" className="text-accent underline underline-offset-4">
          {words('nav.ledger')}
        </Link>
      </p>
    </section>
  )
}
