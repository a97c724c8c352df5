import { FolderSearch } from 'lucide-react'
import { useState } from 'react'
import type { ApiFolder } from '../../shared/api/index.ts'
import { useApp, useProject } from '../app-context.ts'
import { answered } from '../desktop.ts'
import { Button } from '../parts/button.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { Field, fieldLook } from '../parts/field.tsx'
import { FormProblem } from '../parts/form-problem.tsx'
import { useSending } from '../parts/sending.ts'
import { useWords } from '../words.tsx'

/** Which folder, where it is a new one, and what is left out of it. */
export function FolderForm({ folder, close }: { folder: ApiFolder | null; close(): void }) {
  const words = useWords()
  const { client, queries, desktop } = useApp()
  const { id: projectId } = useProject()
  const [path, setPath] = useState('')
  const [ignore, setIgnore] = useState(folder?.ignore.join('\n') ?? '')
  const { busy, error, send } = useSending()
  const save = async () => {
    const lines = ignore.split('\n').filter(line => line.trim() !== '')
    if (folder) await client.folders.update({ projectId, folderId: folder.id, ignore: lines })
    else await client.folders.follow({ projectId, path: path.trim(), ignore: lines })
    await queries.invalidateQueries({ queryKey: ['folders', projectId] })
    close()
  }
  const choose = async () => {
    const chosen = desktop && (await answered(desktop.bridge.chooseFolder()))
    if (chosen) setPath(chosen)
  }
  return (
    <Dialog
      title={folder ? words('folders.editOf', { path: folder.path }) : words('folders.add')}
      lead={folder ? words('folders.editLead') : undefined}
      open
      close={close}
    >
      <FormProblem error={error} />
      <form
        onSubmit={event => {
          event.preventDefault()
          void send(save)
        }}
      >
        {!folder && (
          <Field label={words('folders.path')} hint={words('folders.pathHint')}>
            {ids => (
              <input
                {...ids}
                autoFocus
                required
                maxLength={4000}
                autoComplete="off"
                spellCheck={false}
                value={path}
                onChange={event => setPath(event.target.value)}
                className={fieldLook}
              />
            )}
          </Field>
        )}
        {!folder && desktop && (
          <Button className="mt-3" onClick={() => void send(choose, true)}>
            <FolderSearch aria-hidden className="size-4" />
            {words('folders.choose')}
          </Button>
        )}
        <Field label={words('folders.ignore')} hint={words('folders.ignoreHint')}>
          {ids => (
            <textarea
              {...ids}
              rows={4}
              spellCheck={false}
              value={ignore}
              onChange={event => setIgnore(event.target.value)}
              className={fieldLook}
            />
          )}
        </Field>
        <div className="mt-6 flex flex-wrap justify-end gap-3">
          <Button onClick={close}>{words('app.cancel')}</Button>
          <Button look="main" type="submit" disabled={busy || (!folder && path.trim() === '')}>
            {words(folder ? 'folders.save' : 'folders.follow')}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
