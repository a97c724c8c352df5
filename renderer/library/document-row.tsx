import { FileText } from 'lucide-react'
import { memo, useEffect, useRef, useState } from 'react'
import type { ApiDocument } from '../../shared/api/index.ts'
import { toAppError } from '../../shared/errors.ts'
import type { ErrorCode } from '../../shared/model/index.ts'
import { useApp, useProject } from '../app-context.ts'
import { Button } from '../parts/button.tsx'
import { Menu, type MenuItem } from '../parts/menu.tsx'
import { PasswordField } from '../parts/password-field.tsx'
import { sentenceAbout } from '../parts/problem.tsx'
import { place } from '../queries.ts'
import { useWords } from '../words.tsx'
import { isContainer } from './files-inside.tsx'
import { isWorking, originOf, progressOf, shareOf } from './progress.ts'

/** One document: what it is, how far it is, what can be done. */
export const DocumentRow = memo(function DocumentRow({
  document,
  showReceipt,
}: {
  document: ApiDocument
  showReceipt(document: ApiDocument): void
}) {
  const words = useWords()
  const { router } = useApp()
  const reading = useProject().role === 'reader'
  const [asked, ask] = useState(false)
  const actions = useActions(document, () => ask(true))
  const { name, state, segments, paged, language, size } = document
  const origin = originOf(document, words)
  const share = shareOf(document)
  const working = isWorking(document)
  const settled = state === 'ready' && !working
  const line = useRef<HTMLLIElement>(null)
  const tried = useRef(false)
  // The field was away while the password was tried: the keyboard goes back to it, or on to the document.
  useEffect(() => {
    if (working || !tried.current) return
    tried.current = false
    const { activeElement, body } = window.document
    if (activeElement === body) line.current?.querySelector<HTMLElement>('input, button')?.focus()
  }, [working])
  const unlock = (password: string) => {
    tried.current = true
    ask(false)
    actions.unlock(password)
  }
  const why = `why-${document.id}`
  const readable = document.parsed > 0
  const open = () => router.read({ documentId: document.id, page: paged ? 1 : null, part: null, mark: null })
  const facts = [
    ...(settled ? [progressOf(document, words)] : []),
    ...(state === 'ready' && paged && segments ? [words('progress.pages', { count: segments })] : []),
    // What only holds other files has nothing to say in any language.
    ...(state === 'ready' && language && document.chunks > 0 && !isContainer(document)
      ? [words(`language.${language}`)]
      : []),
    words.size(size),
  ]
  // What gets it going again stands below the reason.
  const mend: MenuItem | null =
    state === 'cancelled' || (state === 'failed' && mayHelp(document))
      ? { label: words('app.retry'), run: actions.retry }
      : state === 'paused'
        ? { label: words('library.resume'), run: actions.resume }
        : null
  const items: MenuItem[] = [
    ...(readable ? [{ label: words('library.open'), run: open }] : []),
    { label: words('library.receipt'), run: () => showReceipt(document) },
    { label: words('library.original'), run: actions.save },
    ...(working && !reading
      ? [
          { label: words('library.pause'), run: actions.pause },
          { label: words('library.cancel'), run: actions.cancel },
        ]
      : []),
    ...(mend && !reading ? [mend] : []),
    ...(settled && !reading ? [{ label: words('library.again'), run: actions.retry }] : []),
    ...(reading ? [] : [{ label: words('library.delete'), run: () => void actions.remove(), danger: true }]),
  ]
  return (
    <li ref={line} className="flex items-start gap-3 py-3" data-document={document.id} data-state={state}>
      <FileText aria-hidden className="mt-0.5 size-5 shrink-0 text-soft" />
      <div className="min-w-0 grow">
        {readable ? (
          <button
            type="button"
            onClick={open}
            className="line-clamp-2 max-w-full rounded text-left font-medium wrap-anywhere underline-offset-4 hover:underline"
          >
            {name}
          </button>
        ) : (
          <span className="line-clamp-2 font-medium wrap-anywhere">{name}</span>
        )}
        {!settled && (
          <p id={why} className={`text-sm ${state === 'failed' ? 'text-danger' : ''}`}>
            {progressOf(document, words)}
          </p>
        )}
        <p className="text-sm text-soft wrap-anywhere">
          {[...facts, ...(origin ? [origin] : [])].join(' · ')}
          {state === 'ready' && document.reason && (
            <>
              {' · '}
              <button type="button" onClick={() => showReceipt(document)} className="underline underline-offset-4">
                {words('receipt.notes')}
              </button>
            </>
          )}
        </p>
        {share !== null && (
          <div
            role="progressbar"
            aria-label={name}
            aria-valuemin={0}
            aria-valuemax={100}
            aria-valuenow={Math.round(share * 100)}
            aria-valuetext={progressOf(document, words)}
            className="mt-2 h-1 max-w-md overflow-hidden rounded-full bg-line"
          >
            <div
              className="h-full origin-left rounded-full bg-accent motion-safe:transition-transform duration-500"
              style={{ transform: `scaleX(${share})` }}
            />
          </div>
        )}
        {asked && settled && (
          <p id={why} className="text-sm">
            {words.explain({ code: 'password-protected' })}
          </p>
        )}
        {asksForPassword(document) || (asked && settled) ? (
          <PasswordField unlock={unlock} wrong={document.reason?.code === 'password-wrong'} why={why} focus={asked} />
        ) : (
          mend && (
            <Button onClick={mend.run} className="mt-2">
              {mend.label}
            </Button>
          )
        )}
      </div>
      <Menu label={words('library.actions', { name })} items={items} />
    </li>
  )
})

/** What stays as it is however often the same file is read. A password is asked for in a field of its own. */
const final: ReadonlySet<ErrorCode> = new Set([
  'duplicate',
  'empty-file',
  'unsupported-type',
  'type-mismatch',
  'too-large',
  'too-many-pages',
  'password-protected',
  'password-wrong',
  'damaged',
  'archive-too-large',
  'archive-too-deep',
  'too-deep',
  'drm-protected',
  'mail-sealed',
  'xfa-form',
  'no-text',
  'blob-missing',
  'blob-damaged',
])

/** Whether reading the same file again may come out otherwise. */
function mayHelp({ reason }: ApiDocument): boolean {
  return !reason || !final.has(reason.code)
}

function asksForPassword({ state, reason }: ApiDocument): boolean {
  return state === 'failed' && (reason?.code === 'password-protected' || reason?.code === 'password-wrong')
}

const none = () => ({ count: 0 })

/** `ask` is called where nothing happens without the password. */
function useActions(document: ApiDocument, ask: () => void) {
  const { projectId, id: documentId, name } = document
  const words = useWords()
  const { client, queries, toasts } = useApp()
  const one = { projectId, documentId }
  const refresh = () => {
    void queries.invalidateQueries({ queryKey: ['documents', projectId] })
    void queries.invalidateQueries({ queryKey: ['trash', projectId] })
  }
  const run = async (act: () => Promise<ApiDocument>, done?: () => void) => {
    // What was said of it before, and could be undone, is over.
    toasts.drop(documentId)
    try {
      place(queries, await act())
      done?.()
    } catch (error) {
      if (toAppError(error).code === 'password-protected') ask()
      else toasts.show(sentenceAbout(name, error, words), null, documentId)
    }
    refresh()
  }
  const undo = () =>
    void run(
      () => client.documents.undo(one),
      () => toasts.show(words('library.restored', { name }), null, documentId),
    )
  return {
    pause: () => void run(() => client.documents.pause(one)),
    resume: () => void run(() => client.documents.resume(one)),
    cancel: () => void run(() => client.documents.cancel(one)),
    retry: () => void run(() => client.documents.retry(one)),
    unlock: (password: string) => void run(() => client.documents.unlock({ ...one, password })),
    remove: async () => {
      // Counted before: afterwards, what was in the trash already would count too.
      const { count } = isContainer(document) ? await client.documents.company(one).catch(none) : none()
      const said = count > 0 ? words('library.deletedWith', { name, count }) : words('library.deleted', { name })
      await run(
        () => client.documents.delete(one),
        () => toasts.show(said, { label: words('app.undo'), run: undo }, documentId),
      )
    },
    save: () => {
      const link = window.document.createElement('a')
      link.href = `/api/v1/projects/${projectId}/documents/${documentId}/original`
      link.download = name
      link.click()
    },
  }
}
