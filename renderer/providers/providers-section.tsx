import { useQuery } from '@tanstack/react-query'
import { Plus } from 'lucide-react'
import { useState } from 'react'
import type { ApiProvider } from '../../shared/api/index.ts'
import type { Reason } from '../../shared/model/index.ts'
import { useApp } from '../app-context.ts'
import { Button } from '../parts/button.tsx'
import { Confirm } from '../parts/dialog.tsx'
import { Menu } from '../parts/menu.tsx'
import { Loading, Problem, sentenceOf } from '../parts/problem.tsx'
import { Section } from '../parts/section.tsx'
import { useChoice } from '../parts/use-choice.ts'
import { keep, read } from '../queries.ts'
import { useWords } from '../words.tsx'
import { hostOf, Leaves } from './leaves.tsx'
import { ProviderForm } from './provider-form.tsx'

/** Models are named up to here. */
const mostNamed = 6

type Tested = 'running' | { milliseconds: number; problem: Reason | null }

/** Servers with models: which there are, what they have, and what leaves for them. */
export function ProvidersSection() {
  const words = useWords()
  const { client, queries, toasts } = useApp()
  const query = useQuery(read.providers(client))
  const [form, setForm] = useState<ApiProvider | 'new' | null>(null)
  const [removing, setRemoving] = useState<ApiProvider | null>(null)
  const [tests, setTests] = useState<Readonly<Record<string, Tested>>>({})

  const refresh = () => {
    for (const key of ['providers', 'models']) void queries.invalidateQueries({ queryKey: [key] })
  }
  const test = async ({ slug }: ApiProvider) => {
    const set = (state: Tested | undefined) =>
      setTests(({ [slug]: _, ...others }) => (state ? { ...others, [slug]: state } : others))
    set('running')
    try {
      const { milliseconds, problem } = await client.providers.test({ slug })
      set({ milliseconds, problem })
    } catch (thrown) {
      set(undefined)
      toasts.show(sentenceOf(thrown, words))
    }
    refresh()
  }
  const run = async (act: () => Promise<unknown>) => {
    try {
      await act()
    } catch (thrown) {
      toasts.show(sentenceOf(thrown, words))
    }
    refresh()
  }
  return (
    <Section
      title={words('providers.title')}
      lead={words('providers.lead')}
      actions={
        <Button onClick={() => setForm('new')}>
          <Plus aria-hidden className="size-4" />
          {words('providers.add')}
        </Button>
      }
    >
      {query.isError && <Problem error={query.error} retry={() => void query.refetch()} />}
      {query.isPending && <Loading />}
      {query.data?.length === 0 && <p className="mt-4 text-sm text-soft">{words('providers.none')}</p>}
      {query.data && query.data.length > 0 && (
        <ul aria-label={words('providers.title')} className="mt-4 divide-y divide-line border-y border-line">
          {query.data.map(provider => (
            <ProviderRow
              key={provider.slug}
              provider={provider}
              tested={tests[provider.slug]}
              test={() => void test(provider)}
              change={() => setForm(provider)}
              remove={() => setRemoving(provider)}
            />
          ))}
        </ul>
      )}
      {form !== null && (
        <ProviderForm
          provider={form === 'new' ? null : form}
          saved={provider => {
            refresh()
            void test(provider)
          }}
          close={() => setForm(null)}
        />
      )}
      <Confirm
        open={removing !== null}
        title={words('models.removeAsk', { name: removing?.name ?? '' })}
        lead={words('providers.removeLead')}
        action={words('models.remove')}
        close={() => setRemoving(null)}
        confirm={() =>
          removing &&
          void run(async () => {
            await client.providers.remove({ slug: removing.slug })
            toasts.show(words('providers.removed', { name: removing.name }))
          })
        }
      />
    </Section>
  )
}

function ProviderRow({
  provider,
  tested,
  test,
  change,
  remove,
}: {
  provider: ApiProvider
  tested: Tested | undefined
  test(): void
  change(): void
  remove(): void
}) {
  const words = useWords()
  const { client, queries, toasts } = useApp()
  const { slug, name, baseUrl, here, key, keyHint, source, models } = provider
  const { shown, choose } = useChoice<Pick<ApiProvider, 'enabled'>>(`provider ${slug}`, provider, {
    async send(changes) {
      const changed = await client.providers.update({ slug, ...changes })
      keep(queries, read.providers(client), before => before.map(one => (one.slug === slug ? changed : one)))
      void queries.invalidateQueries({ queryKey: ['models'] })
    },
    refused(error) {
      toasts.show(sentenceOf(error, words))
      void queries.invalidateQueries({ queryKey: ['providers'] })
    },
  })
  const own = source === 'user'
  const named = models.slice(0, mostNamed).map(({ id }) => id)
  const more = models.length - named.length
  return (
    <li data-provider={slug} className="py-4">
      <div className="flex flex-wrap items-start gap-x-4 gap-y-2">
        <div className="min-w-0 grow basis-72 space-y-1">
          <h3 className="font-medium wrap-anywhere">{name}</h3>
          <Leaves here={here} host={hostOf(baseUrl)} />
          <p className="text-sm text-soft">
            {keyHint && key === 'set' && `${words('providers.keyEnds', { hint: keyHint })} `}
            {source === 'environment' && words('providers.fixed')}
          </p>
          {key === 'lost' && (
            <p className="text-sm text-danger">{words.explain({ code: 'provider-key-lost', values: { name } })}</p>
          )}
          <p className="text-sm wrap-anywhere text-soft">
            {models.length > 0
              ? `${words('providers.models', { count: models.length })}: ${named.join(', ')}${
                  more > 0 ? ` ${words('providers.more', { count: more })}` : ''
                }`
              : words('providers.noModels')}
          </p>
          <p role="status" className="text-sm">
            {tested === 'running' && <span className="breathing text-soft">{words('providers.asking')}</span>}
            {tested && tested !== 'running' && (
              <span className={tested.problem ? 'text-danger' : 'text-accent'}>
                {tested.problem
                  ? words.explain(tested.problem)
                  : words('providers.answers', { milliseconds: tested.milliseconds })}
              </span>
            )}
          </p>
        </div>
        <div className="flex items-center gap-1">
          <label className="inline-flex min-h-10 items-center gap-2.5 px-2 text-sm">
            <input
              type="checkbox"
              checked={shown.enabled}
              disabled={!own}
              onChange={event => choose({ enabled: event.target.checked })}
              className="size-5 accent-accent"
            />
            {words('providers.allow')}
            <span className="sr-only">{name}</span>
          </label>
          <Button disabled={tested === 'running'} onClick={test}>
            {words('providers.test')}
            <span className="sr-only">{name}</span>
          </Button>
          {own && (
            <Menu
              label={words('models.actions', { name })}
              items={[
                { label: words('providers.change'), run: change },
                { label: words('models.remove'), run: remove, danger: true },
              ]}
            />
          )}
        </div>
      </div>
    </li>
  )
}
