import type { ApiDownload } from '../../shared/api/index.ts'
import { Bar } from '../parts/bar.tsx'
import { Button } from '../parts/button.tsx'
import { Section } from '../parts/section.tsx'
import { useWords } from '../words.tsx'
import { downloadState } from './facts.ts'
import { downloadId, type ModelActions } from './use-models.ts'

export function DownloadList({ downloads, actions }: { downloads: readonly ApiDownload[]; actions: ModelActions }) {
  const words = useWords()
  if (downloads.length === 0) return null
  return (
    <Section title={words('models.fetching')}>
      <ul className="mt-4 space-y-3">
        {downloads.map(download => (
          <DownloadRow key={download.name} download={download} actions={actions} />
        ))}
      </ul>
    </Section>
  )
}

function DownloadRow({ download, actions }: { download: ApiDownload; actions: ModelActions }) {
  const words = useWords()
  const { name, state, received, size, host } = download
  const held = state === 'paused' || state === 'failed'
  const moving = state === 'active' || state === 'queued' || state === 'waiting'
  return (
    <li
      id={downloadId(name)}
      tabIndex={-1}
      data-download={name}
      data-state={state}
      className="flex flex-wrap items-center gap-x-6 gap-y-2 rounded-xl border border-line bg-surface px-4 py-3"
    >
      <div className="min-w-0 grow basis-72">
        <p className="font-medium wrap-anywhere">{name}</p>
        <p className={`text-sm ${state === 'failed' ? 'text-danger' : 'text-soft'}`}>
          {downloadState(download, words)}
          {host && state === 'active' && <> · {words('models.from', { host })}</>}
        </p>
        <div className="mt-2">
          <Bar
            label={words('models.progress', { name })}
            share={state === 'checking' ? 1 : size ? received / size : 0}
            quiet={held}
          />
        </div>
      </div>
      <div className="flex gap-1">
        {moving && (
          <Button look="quiet" onClick={() => void actions.download('pause', name)}>
            {words('models.pause')}
          </Button>
        )}
        {held && (
          <Button onClick={() => void actions.download('resume', name)}>
            {words(state === 'failed' ? 'app.retry' : 'models.resume')}
          </Button>
        )}
        <Button look="quiet" onClick={() => void actions.download('cancel', name)}>
          {words('models.cancel')}
        </Button>
      </div>
    </li>
  )
}
