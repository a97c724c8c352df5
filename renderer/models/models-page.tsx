import { useQuery } from '@tanstack/react-query'
import { FilePlus2 } from 'lucide-react'
import { useState } from 'react'
import type { ApiModel } from '../../shared/api/index.ts'
import { sendFile } from '../api/send-file.ts'
import { useApp } from '../app-context.ts'
import { Button } from '../parts/button.tsx'
import { Confirm } from '../parts/dialog.tsx'
import { FileButton } from '../parts/file-button.tsx'
import { Menu } from '../parts/menu.tsx'
import { Page } from '../parts/page.tsx'
import { Loading, Problem, sentenceOf } from '../parts/problem.tsx'
import { read } from '../queries.ts'
import { useWords, type Words } from '../words.tsx'

interface Adding {
  name: string
  share: number
  control: AbortController
}

export function ModelsPage() {
  const words = useWords()
  const { client, queries, toasts } = useApp()
  const query = useQuery(read.models(client))
  const [adding, setAdding] = useState<Adding | null>(null)
  const [error, setError] = useState<unknown>(null)
  const [removing, setRemoving] = useState<ApiModel | null>(null)
  const refresh = () => queries.invalidateQueries({ queryKey: read.models(client).queryKey })

  const add = async (file: File) => {
    const control = new AbortController()
    setError(null)
    setAdding({ name: file.name, share: 0, control })
    try {
      await sendFile({
        url: '/api/v1/models',
        field: 'file',
        file,
        name: file.name,
        language: words.language,
        signal: control.signal,
        progress: (sent, total) => setAdding({ name: file.name, share: sent / total, control }),
      })
      toasts.show(words('models.added', { name: file.name }))
    } catch (thrown) {
      if (!control.signal.aborted) setError(thrown)
    }
    setAdding(null)
    await refresh()
  }
  const run = async (act: () => Promise<string>) => {
    try {
      toasts.show(await act())
    } catch (thrown) {
      toasts.show(sentenceOf(thrown, words))
    }
    await refresh()
  }
  const remove = ({ name }: ApiModel) =>
    run(async () => {
      await client.models.remove({ name })
      return words('models.removed', { name })
    })
  const use = ({ name }: ApiModel) =>
    run(async () => {
      await client.models.use({ name })
      return words('models.used', { name })
    })
  const verify = ({ name }: ApiModel) =>
    run(async () => {
      const { state } = await client.models.verify({ name })
      return words(`models.${state}`, { name })
    })

  return (
    <Page
      title={words('models.title')}
      lead={words('models.lead')}
      actions={
        <FileButton
          name="model"
          look="main"
          accept=".gguf"
          disabled={adding !== null}
          take={([file]) => file && void add(file)}
        >
          <FilePlus2 aria-hidden className="size-4" />
          {words('models.add')}
        </FileButton>
      }
    >
      {error !== null && <Problem error={error} />}
      {adding && (
        <div className="mt-6 flex items-center gap-4 rounded-xl border border-line bg-surface px-4 py-3 text-sm">
          <div className="min-w-0 grow">
            <p className="truncate" role="status">
              {adding.share < 1
                ? words('models.adding', { name: adding.name, percent: Math.floor(adding.share * 100) })
                : words('models.checking', { name: adding.name })}
            </p>
            <div className="mt-2 h-1 overflow-hidden rounded-full bg-line">
              <div className="h-full origin-left bg-accent" style={{ transform: `scaleX(${adding.share})` }} />
            </div>
          </div>
          <Button look="quiet" onClick={() => adding.control.abort()}>
            {words('upload.stop')}
          </Button>
        </div>
      )}
      {query.isError && <Problem error={query.error} retry={() => void query.refetch()} />}
      {query.isPending && <Loading />}
      {query.data?.length === 0 && (
        <div className="mt-8 rounded-2xl border border-line bg-surface px-6 py-8">
          <p className="font-serif text-lg">{words('models.none')}</p>
          <p className="read-measure mt-2 text-soft">{words('models.noneLead')}</p>
        </div>
      )}
      {query.data && query.data.length > 0 && (
        <ul aria-label={words('models.list')} className="mt-8 divide-y divide-line border-y border-line">
          {query.data.map(model => (
            <li key={model.name} className="flex items-start gap-4 py-4">
              <div className="min-w-0 grow">
                <p className="font-medium break-all">{model.name}</p>
                <p className="text-sm">
                  <span className={model.inUse ? 'font-medium text-accent' : 'text-soft'}>
                    {words(model.inUse ? 'models.inUse' : 'models.idle')}
                  </span>
                  <span className="text-soft"> · {factsOf(model, words).join(' · ')}</span>
                </p>
                {model.problem && <p className="mt-1 text-sm text-danger">{words.explain(model.problem)}</p>}
                {model.source === 'setting' && <p className="mt-1 text-xs text-soft">{words('models.setting')}</p>}
              </div>
              <Menu
                label={words('models.actions', { name: model.name })}
                items={[
                  ...(canTakeOver(model, query.data)
                    ? [{ label: words('models.use'), run: () => void use(model) }]
                    : []),
                  { label: words('models.verify'), run: () => void verify(model) },
                  ...(model.source === 'folder'
                    ? [{ label: words('models.remove'), run: () => setRemoving(model), danger: true }]
                    : []),
                ]}
              />
            </li>
          ))}
        </ul>
      )}
      <Confirm
        open={removing !== null}
        title={words('models.removeAsk', { name: removing?.name ?? '' })}
        lead={words('models.removeLead')}
        action={words('models.remove')}
        close={() => setRemoving(null)}
        confirm={() => removing && void remove(removing)}
      />
    </Page>
  )
}

/** Whether it could write the answers instead: one that the environment names goes before all others. */
function canTakeOver({ role, inUse, problem, source }: ApiModel, models: readonly ApiModel[]): boolean {
  const given = models.some(other => other.role === 'chat' && other.source === 'setting')
  return role === 'chat' && !inUse && !problem && source === 'folder' && !given
}

function factsOf({ role, size, parameters, contextSize }: ApiModel, words: Words): string[] {
  const compact = new Intl.NumberFormat(words.language, { notation: 'compact', maximumFractionDigits: 1 })
  return [
    words(`models.role.${role ?? 'unknown'}`),
    words.size(size),
    ...(parameters ? [words('models.parameters', { count: compact.format(parameters) })] : []),
    ...(contextSize ? [words('models.context', { count: words.number(contextSize) })] : []),
  ]
}
