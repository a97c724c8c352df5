import { Plus } from 'lucide-react'
import { useRef, useState } from 'react'
import { sendFile } from '../api/send-file.ts'
import { useApp } from '../app-context.ts'
import { Bar } from '../parts/bar.tsx'
import { Button } from '../parts/button.tsx'
import { MenuOf } from '../parts/menu.tsx'
import { sentenceOf } from '../parts/problem.tsx'
import { useWords } from '../words.tsx'
import { AddressDialog } from './address-dialog.tsx'
import { readPack } from './pack.ts'

interface Adding {
  name: string
  share: number
  place: number
  count: number
  control: AbortController
}

/** Models that somebody has already: a file, a folder or stick with some, or an address. */
export function useAdding() {
  const words = useWords()
  const { client, queries, toasts, desktop } = useApp()
  const [now, setNow] = useState<Adding | null>(null)
  const [problems, setProblems] = useState<readonly string[]>([])

  async function send(file: File, about: Pick<Adding, 'place' | 'count' | 'control'>): Promise<void> {
    setNow({ name: file.name, share: 0, ...about })
    await sendFile({
      url: '/api/v1/models',
      field: 'file',
      file,
      name: file.name,
      transfers: desktop?.transfers ?? null,
      language: words.language,
      signal: about.control.signal,
      progress: (sent, total) => setNow({ name: file.name, share: sent / total, ...about }),
    })
  }

  async function addAll(models: readonly { file: File; sha256: string | null }[], wrong: string[]): Promise<void> {
    const control = new AbortController()
    const added: string[] = []
    for (const [at, { file, sha256 }] of models.entries()) {
      const { name } = file
      try {
        await send(file, { place: at + 1, count: models.length, control })
        if (sha256 !== null && (await client.models.verify({ name })).sha256 !== sha256) {
          await client.models.remove({ name })
          wrong.push(words('models.packChanged', { name }))
        } else added.push(name)
      } catch (thrown) {
        if (control.signal.aborted) break
        wrong.push(models.length > 1 ? `${name}: ${sentenceOf(thrown, words)}` : sentenceOf(thrown, words))
      }
    }
    setNow(null)
    setProblems(wrong)
    const [first] = added
    if (first !== undefined)
      toasts.show(
        added.length === 1
          ? words('models.added', { name: first })
          : words('models.addedMany', { count: added.length }),
      )
    for (const key of ['models', 'catalog', 'index']) void queries.invalidateQueries({ queryKey: [key] })
  }

  return {
    now,
    problems,
    addFile: (file: File) => addAll([{ file, sha256: null }], []),
    async addFolder(files: readonly File[]) {
      const { models, missing } = await readPack(files)
      const wrong = missing.map(name => words('models.packMissing', { name }))
      if (models.length === 0 && wrong.length === 0) wrong.push(words('models.folderNone'))
      await addAll(models, wrong)
    },
  }
}

export type AddingState = ReturnType<typeof useAdding>

export function AddMenu({ adding }: { adding: AddingState }) {
  const words = useWords()
  const file = useRef<HTMLInputElement>(null)
  const folder = useRef<HTMLInputElement>(null)
  const [asking, setAsking] = useState(false)
  const { desktop } = useApp()
  const taken = (target: HTMLInputElement, take: (files: File[]) => void) => {
    const files = [...(target.files ?? [])]
    // The same file may be chosen again.
    target.value = ''
    if (files.length > 0) take(files)
  }
  // In its window they go the short way, from disk to disk.
  const takeFolder = () => (desktop ? void desktop.bridge.takeModels() : folder.current?.click())
  return (
    <>
      <MenuOf
        trigger={
          <Button disabled={adding.now !== null}>
            <Plus aria-hidden className="size-4" />
            {words('models.add')}
          </Button>
        }
        items={[
          { label: words('models.addFile'), run: () => file.current?.click() },
          { label: words('models.addFolder'), run: takeFolder },
          { label: words('models.addAddress'), run: () => setAsking(true) },
        ]}
      />
      <input
        ref={file}
        type="file"
        hidden
        accept=".gguf"
        data-picker="model"
        onChange={({ target }) => taken(target, ([first]) => first && void adding.addFile(first))}
      />
      <input
        ref={folder}
        type="file"
        hidden
        data-picker="models"
        {...{ webkitdirectory: '' }}
        onChange={({ target }) => taken(target, files => void adding.addFolder(files))}
      />
      {asking && <AddressDialog close={() => setAsking(false)} />}
    </>
  )
}

export function AddingProgress({ adding: { now, problems } }: { adding: AddingState }) {
  const words = useWords()
  return (
    <>
      {problems.length > 0 && (
        <div role="alert" className="mt-6 space-y-1 rounded-xl bg-danger-soft px-4 py-3 text-sm wrap-anywhere">
          {problems.map(problem => (
            <p key={problem}>{problem}</p>
          ))}
        </div>
      )}
      {now && (
        <div className="mt-6 flex items-center gap-4 rounded-xl border border-line bg-surface px-4 py-3 text-sm">
          <div className="min-w-0 grow">
            <p className="mb-2 truncate" role="status">
              {now.share < 1
                ? words('models.adding', { name: now.name, percent: Math.floor(now.share * 100) })
                : words('models.checking', { name: now.name })}
              {now.count > 1 && ` (${words('models.placeOf', { place: now.place, count: now.count })})`}
            </p>
            <Bar label={words('models.progress', { name: now.name })} share={now.share} />
          </div>
          <Button look="quiet" onClick={() => now.control.abort()}>
            {words('upload.stop')}
          </Button>
        </div>
      )}
    </>
  )
}
