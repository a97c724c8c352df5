import { useQuery } from '@tanstack/react-query'
import { ArrowLeft, FolderSync } from 'lucide-react'
import { useState } from 'react'
import type { ApiFolder } from '../../shared/api/index.ts'
import { useApp, useProject } from '../app-context.ts'
import { Button } from '../parts/button.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { Page } from '../parts/page.tsx'
import { Pager } from '../parts/pager.tsx'
import { Loading, Problem, sentenceOf } from '../parts/problem.tsx'
import { pageSize, read } from '../queries.ts'
import { useWords } from '../words.tsx'
import { FolderForm } from './folder-form.tsx'

type Open = { what: 'add' } | { what: 'edit' | 'unfollow' | 'problems'; folder: ApiFolder }

/** The folders of this machine that the project follows. */
export function FoldersPage() {
  const words = useWords()
  const { client, router } = useApp()
  const project = useProject()
  const query = useQuery(read.folders(client, project.id))
  const [open, setOpen] = useState<Open | null>(null)
  const close = () => setOpen(null)
  const { data } = query
  const mayManage = project.role === 'owner' && data?.available === true

  return (
    <Page
      title={words('folders.title')}
      lead={words('folders.lead')}
      actions={
        <>
          <Button onClick={() => router.go('library')}>
            <ArrowLeft aria-hidden className="size-4" />
            {words('library.title')}
          </Button>
          {mayManage && (
            <Button look="main" onClick={() => setOpen({ what: 'add' })}>
              <FolderSync aria-hidden className="size-4" />
              {words('folders.add')}
            </Button>
          )}
        </>
      }
    >
      {query.isError && <Problem error={query.error} retry={() => void query.refetch()} />}
      {!data && !query.isError && <Loading />}
      {data?.available === false && <p className="py-6 text-soft">{words('folders.off')}</p>}
      {data?.available && data.folders.length === 0 && <p className="py-10 text-soft">{words('folders.none')}</p>}
      {data && data.folders.length > 0 && (
        <ul aria-label={words('folders.list')} className="mt-8 divide-y divide-line border-y border-line">
          {data.folders.map(folder => (
            <FolderRow key={folder.id} folder={folder} mayManage={mayManage} open={setOpen} />
          ))}
        </ul>
      )}
      {open?.what === 'add' && <FolderForm folder={null} close={close} />}
      {open?.what === 'edit' && <FolderForm folder={open.folder} close={close} />}
      {open?.what === 'unfollow' && <Unfollow folder={open.folder} close={close} />}
      {open?.what === 'problems' && <Problems folder={open.folder} close={close} />}
    </Page>
  )
}

function FolderRow({ folder, mayManage, open }: { folder: ApiFolder; mayManage: boolean; open(what: Open): void }) {
  const words = useWords()
  const { path, state, reason, files, problems, missing, unsupported } = folder
  return (
    <li className="flex flex-wrap items-start gap-x-4 gap-y-2 py-3.5">
      <div className="min-w-40 grow basis-0">
        <p className="font-medium wrap-anywhere">{path}</p>
        <p className="text-xs text-soft">
          {words(`folders.state.${state}`)} · {words('folders.files', { count: files })}
          {unsupported !== null && unsupported > 0 && ` · ${words('folders.unsupported', { count: unsupported })}`}
        </p>
        {reason && <p className="mt-1.5 max-w-xl text-sm text-soft">{words.explain(reason)}</p>}
        {missing && <Missing folder={folder} missing={missing} mayManage={mayManage} />}
        {problems > 0 && (
          <Button look="quiet" className="-ml-3" onClick={() => open({ what: 'problems', folder })}>
            {words('folders.problems', { count: problems })}
          </Button>
        )}
      </div>
      {mayManage && state !== 'leaving' && (
        <span className="flex flex-wrap gap-2">
          <Button onClick={() => open({ what: 'edit', folder })}>{words('folders.edit')}</Button>
          <Button look="quiet" className="text-danger" onClick={() => open({ what: 'unfollow', folder })}>
            {words('folders.unfollow')}
          </Button>
        </span>
      )}
    </li>
  )
}

function Missing({
  folder: { id: folderId },
  missing: { files, known, since, until, asks },
  mayManage,
}: {
  folder: ApiFolder
  missing: NonNullable<ApiFolder['missing']>
  mayManage: boolean
}) {
  const words = useWords()
  const { client, queries, toasts } = useApp()
  const { id: projectId } = useProject()
  const say = async (documents: 'keep' | 'trash') => {
    try {
      await client.folders.missing({ projectId, folderId, documents, shown: { files, until } })
      toasts.show(words(documents === 'keep' ? 'folders.missingKept' : 'folders.missingTrashed'))
    } catch (error) {
      toasts.show(sentenceOf(error, words))
    }
    void queries.invalidateQueries({ queryKey: ['folders', projectId] })
  }
  return (
    <div className="mt-1.5 max-w-xl text-sm">
      <p className="font-medium">{words('folders.missing', { files, known, since: words.instant(since) })}</p>
      <p className="text-soft">{words(asks ? 'folders.missingAsk' : 'folders.missingWaits')}</p>
      {mayManage && (
        <span className="mt-2 flex flex-wrap gap-2">
          {asks && <Button onClick={() => void say('keep')}>{words('folders.keepWaiting')}</Button>}
          <Button look="quiet" className="text-danger" onClick={() => void say('trash')}>
            {words('folders.removeMissing')}
          </Button>
        </span>
      )}
    </div>
  )
}

function Unfollow({ folder, close }: { folder: ApiFolder; close(): void }) {
  const words = useWords()
  const { client, queries, toasts } = useApp()
  const { id: projectId } = useProject()
  const unfollow = async (documents: 'keep' | 'trash') => {
    close()
    try {
      await client.folders.unfollow({ projectId, folderId: folder.id, documents })
      toasts.show(words(documents === 'keep' ? 'folders.kept' : 'folders.trashed', { path: folder.path }))
    } catch (error) {
      toasts.show(sentenceOf(error, words))
    }
    void queries.invalidateQueries({ queryKey: ['folders', projectId] })
  }
  return (
    <Dialog
      title={words('folders.unfollowAsk', { path: folder.path })}
      lead={words('folders.unfollowLead')}
      open
      close={close}
    >
      <div className="mt-4 flex flex-wrap justify-end gap-3">
        <Button onClick={close}>{words('app.cancel')}</Button>
        <Button look="danger" onClick={() => void unfollow('trash')}>
          {words('folders.trash')}
        </Button>
        <Button look="main" onClick={() => void unfollow('keep')}>
          {words('folders.keep')}
        </Button>
      </div>
    </Dialog>
  )
}

function Problems({ folder, close }: { folder: ApiFolder; close(): void }) {
  const words = useWords()
  const { client } = useApp()
  const { id: projectId } = useProject()
  const [starts, setStarts] = useState<readonly (string | null)[]>([null])
  const query = useQuery(read.folderProblems(client, projectId, folder.id, starts.at(-1) ?? null))
  const { data } = query
  return (
    <Dialog
      title={words('folders.problemsOf', { path: folder.path })}
      lead={words('folders.problemsLead')}
      open
      close={close}
    >
      {query.isError && <Problem error={query.error} retry={() => void query.refetch()} />}
      {!data && !query.isError && <Loading />}
      {data && (
        <>
          <ul className="divide-y divide-line">
            {data.problems.map(({ path, reason }) => (
              <li key={path} className="py-2.5 text-sm">
                <p className="font-medium wrap-anywhere">{path}</p>
                <p className="text-soft">{words.explain(reason)}</p>
              </li>
            ))}
          </ul>
          <Pager
            from={(starts.length - 1) * pageSize}
            shown={data.problems.length}
            total={folder.problems}
            previous={starts.length > 1 ? () => setStarts(starts.slice(0, -1)) : null}
            next={data.next ? () => setStarts([...starts, data.next]) : null}
          />
        </>
      )}
    </Dialog>
  )
}
