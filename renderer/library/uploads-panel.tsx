import { X } from 'lucide-react'
import { useEffect, useState } from 'react'
import { kindOf } from '../../shared/messages/kinds.ts'
import { useApp } from '../app-context.ts'
import { Button, IconButton } from '../parts/button.tsx'
import { useStore } from '../store.ts'
import { useWords, type Words } from '../words.tsx'
import { isOpen, type Upload } from './uploads.ts'

/** How many files are told by name at first. */
const most = 5

/** Files on their way, and what became of them. It goes by itself when there is nothing left to read in it. */
export function UploadsPanel({ floating = false }: { floating?: boolean }) {
  const words = useWords()
  const { uploads, session } = useApp()
  const list = useStore(uploads.list)
  const skipped = useStore(uploads.skipped)
  const [all, setAll] = useState(false)
  const open = list.filter(isOpen)
  const refused = list.filter(({ state }) => state === 'refused')
  const added = list.filter(({ state }) => state === 'added').length
  const known = list.filter(({ state }) => state === 'known').length
  const over = open.length === 0
  const nothingToSay = over && refused.length === 0 && known === 0 && skipped === 0

  useEffect(() => {
    if (!nothingToSay || list.length === 0) return
    const timer = setTimeout(uploads.clear, 5000)
    return () => clearTimeout(timer)
  }, [nothingToSay, list.length, uploads])
  if (list.length === 0 && skipped === 0) return null

  const shown = over ? refused : open
  const listed = all || shown.length <= most + 1 ? shown : shown.slice(0, most)
  return (
    <section
      aria-label={words('upload.title')}
      className={`pointer-events-auto rounded-2xl border border-line bg-surface text-sm ${floating ? 'w-full max-w-md shadow-lift' : 'mt-6'}`}
    >
      <div className="flex items-center gap-2 py-1.5 pr-1.5 pl-4">
        <p role="status" className="grow font-medium">
          {over
            ? added > 0 && words('upload.finished', { count: added })
            : words('upload.summary', { done: list.length - open.length, count: list.length })}
          {over && known > 0 && ` ${words('upload.known', { count: known })}`}
          {over && skipped > 0 && ` ${words('upload.skipped', { count: skipped })}`}
          {over && refused.length > 0 && ` ${words('upload.problems', { count: refused.length })}`}
        </p>
        {over ? (
          <IconButton label={words('app.dismiss')} onClick={uploads.clear}>
            <X aria-hidden />
          </IconButton>
        ) : (
          <Button look="quiet" onClick={uploads.stop}>
            {words('upload.stop')}
          </Button>
        )}
      </div>
      {shown.length > 0 && (
        <ul
          // biome-ignore lint/a11y/noNoninteractiveTabindex: it may scroll, and the keyboard must be able to
          tabIndex={0}
          aria-label={words('upload.files')}
          className="max-h-[40dvh] divide-y divide-line overflow-y-auto border-t border-line"
        >
          {listed.map(upload => (
            <li key={upload.key} className="px-4 py-2">
              <p className="wrap-anywhere line-clamp-2">{upload.name}</p>
              <p className={`text-xs ${upload.state === 'refused' ? 'text-danger' : 'text-soft'}`}>
                {stateOf(upload, words, session.maxFileSize)}
              </p>
            </li>
          ))}
        </ul>
      )}
      {listed.length < shown.length && (
        <div className="border-t border-line px-2 py-1">
          <Button look="quiet" className="text-xs" onClick={() => setAll(true)}>
            {words('upload.andMore', { count: shown.length - listed.length })}
          </Button>
        </div>
      )}
      {shown.some(({ problem }) => problem?.kind === 'wrong-kind' && !kindOf(problem.reason)) && (
        <p className="border-t border-line px-4 py-2.5 text-xs text-soft">{words('upload.kinds')}</p>
      )}
    </section>
  )
}

function stateOf({ state, sent, size, problem }: Upload, words: Words, maxFileSize: number): string {
  if (problem?.kind === 'too-large') return words('upload.tooLarge', { limit: words.size(maxFileSize) })
  // What can be read is said once for all of them.
  if (problem?.kind === 'wrong-kind')
    return kindOf(problem.reason) ? words.explain(problem.reason) : words('upload.wrongKind')
  if (problem) return problem.text || words.explain(problem.reason)
  if (state === 'sending') return words('upload.sending', { percent: size > 0 ? Math.floor((100 * sent) / size) : 0 })
  return words(state === 'storing' ? 'upload.storing' : 'upload.waiting')
}
