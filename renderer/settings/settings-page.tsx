import { useQuery } from '@tanstack/react-query'
import { useApp, useProject } from '../app-context.ts'
import { Button } from '../parts/button.tsx'
import { Link } from '../parts/link.tsx'
import { Page } from '../parts/page.tsx'
import { sentenceOf } from '../parts/problem.tsx'
import type { Values } from '../preferences.ts'
import { read } from '../queries.ts'
import { useStore } from '../store.ts'
import { useWords } from '../words.tsx'
import { DesktopSection } from './desktop-section.tsx'
import { ProjectModels } from './project-models.tsx'
import { Section } from './settings-section.tsx'

export function SettingsPage() {
  const words = useWords()
  const { client, preferences, session, toasts, options, desktop } = useApp()
  const project = useProject()
  const values = useStore(preferences.values)
  const change = (changed: Partial<Values>) =>
    preferences.change(changed, error => toasts.show(sentenceOf(error, words)))
  const signOut = async () => {
    try {
      await client.session.close()
      location.reload()
    } catch (error) {
      toasts.show(sentenceOf(error, words))
    }
  }
  return (
    <Page title={words('settings.title')}>
      <Choice
        legend={words('settings.language')}
        value={values.language ?? ''}
        options={[
          { value: '', label: words('settings.browser') },
          { value: 'de', label: words('settings.german') },
          { value: 'en', label: words('settings.english') },
        ]}
        choose={value => change({ language: value === '' ? null : (value as 'de' | 'en') })}
      />
      <Choice
        legend={words('settings.theme')}
        value={values.theme ?? ''}
        options={[
          { value: '', label: words('settings.system') },
          { value: 'light', label: words('settings.light') },
          { value: 'dark', label: words('settings.dark') },
        ]}
        choose={value => change({ theme: value === '' ? null : (value as 'light' | 'dark') })}
      />
      <Choice
        legend={words('settings.recognition')}
        lead={words('settings.recognitionLead')}
        value={values.recognition}
        options={[
          { value: 'on', label: words('settings.on') },
          { value: 'off', label: words('settings.off') },
        ]}
        choose={value => change({ recognition: value === 'off' ? 'off' : 'on' })}
      />
      {values.recognition === 'on' && <ReadWithoutRecognition />}
      {project.role === 'owner' && <ProjectModels />}
      <Section title={words('settings.keys')}>
        <p className="text-sm text-soft">{words('settings.keysLead')}</p>
        <label className="mt-3 inline-flex min-h-10 items-center gap-3">
          <input
            type="checkbox"
            checked={values.letters}
            onChange={event => change({ letters: event.target.checked })}
            className="size-5 accent-accent"
          />
          {words('settings.keysOn')}
        </label>
      </Section>
      {desktop && <DesktopSection desktop={desktop} />}
      <Section title={words('settings.about')}>
        <p className="text-sm text-soft">
          {words('settings.version', { version: session.version })}.{' '}
          {words('settings.limits', { size: words.size(session.maxFileSize) })}
        </p>
        {/* The window's server has no address that others could ask. */}
        {!desktop && (
          <p className="mt-2 text-sm">
            <a href="/docs" className="text-accent underline underline-offset-4">
              {words('settings.api')}
            </a>
          </p>
        )}
        {desktop ? null : options.mode === 'server' ? (
          <p className="mt-2 text-sm">
            <Link view="account" className="text-accent underline underline-offset-4">
              {words('nav.account')}
            </Link>
          </p>
        ) : (
          <>
            <Button className="mt-6" onClick={() => void signOut()}>
              {words('settings.signOut')}
            </Button>
            <p className="mt-2 text-sm text-soft">{words('settings.signOutLead')}</p>
          </>
        )}
      </Section>
    </Page>
  )
}

/** What was read while text recognition was off, and can be read again. */
function ReadWithoutRecognition() {
  const words = useWords()
  const { client, queries, toasts } = useApp()
  const { id: projectId } = useProject()
  const { data, refetch } = useQuery(read.unrecognized(client, projectId))
  if (!data || data.count === 0) return null
  const again = async () => {
    try {
      const { count } = await client.documents.recognizeAll({ projectId })
      toasts.show(words('settings.recognizingAll', { count }))
    } catch (error) {
      toasts.show(sentenceOf(error, words))
    }
    void refetch()
    void queries.invalidateQueries({ queryKey: ['documents', projectId] })
  }
  return (
    <div className="mt-3 max-w-xl">
      <p className="mb-2 text-sm text-soft">{words('settings.unrecognized', { count: data.count })}</p>
      <Button onClick={() => void again()}>{words('settings.recognizeAll', { count: data.count })}</Button>
    </div>
  )
}

function Choice({
  legend,
  lead,
  value,
  options,
  choose,
}: {
  legend: string
  lead?: string
  value: string
  options: readonly { value: string; label: string }[]
  choose(value: string): void
}) {
  return (
    <fieldset className="mt-8 max-w-xl border-t border-line pt-6">
      <legend className="float-left mb-3 w-full font-medium">{legend}</legend>
      {lead && <p className="clear-both mb-3 text-sm text-soft">{lead}</p>}
      <div className="clear-both flex flex-wrap gap-2">
        {options.map(option => (
          <label
            key={option.value}
            className="inline-flex min-h-10 cursor-pointer items-center gap-2 rounded-lg border border-edge/60 bg-surface px-4 text-sm has-checked:border-accent has-checked:bg-accent-soft has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-accent"
          >
            <input
              type="radio"
              name={legend}
              value={option.value}
              checked={value === option.value}
              onChange={() => choose(option.value)}
              className="accent-accent"
            />
            {option.label}
          </label>
        ))}
      </div>
    </fieldset>
  )
}
