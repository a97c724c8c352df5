import { ChevronLeft, ChevronRight, Minus, Plus } from 'lucide-react'
import { useCallback, useEffect, useId, useRef, useState } from 'react'
import type { ApiDocument } from '../../shared/api/index.ts'
import { useApp } from '../app-context.ts'
import { IconButton } from '../parts/button.tsx'
import { PasswordField } from '../parts/password-field.tsx'
import type { Reading } from '../route.ts'
import { isWriting } from '../shell/shortcuts.tsx'
import { useStore } from '../store.ts'
import { useWords } from '../words.tsx'
import { openPdf, type PDFDocumentProxy } from './pdf.ts'
import { PdfPage } from './pdf-page.tsx'
import { useRectangles } from './rectangles.ts'

const zooms = [0.5, 0.67, 0.8, 1, 1.25, 1.5, 2, 3, 4]

/** One page of a PDF, as it is printed, fitted to the width. */
export function PdfView({ document, reading }: { document: ApiDocument; reading: Reading }) {
  const words = useWords()
  const { router, preferences, passwords } = useApp()
  const { letters } = useStore(preferences.values)
  const [pdf, setPdf] = useState<PDFDocumentProxy | null>(null)
  const [failed, setFailed] = useState(false)
  const [asking, setAsking] = useState<Asking | null>(null)
  const [zoom, setZoom] = useState(1)
  const why = useId()
  const { projectId, id: documentId } = document

  useEffect(() => {
    const known = passwords.get(documentId)
    const opened = openPdf(`/api/v1/projects/${projectId}/documents/${documentId}/original`, (use, wrong) => {
      if (known !== undefined && !wrong) return use(known)
      setAsking({
        wrong,
        use(password) {
          passwords.set(documentId, password)
          setAsking(null)
          use(password)
        },
      })
    })
    opened.document.then(setPdf, () => setFailed(true))
    return opened.close
  }, [projectId, documentId, passwords])

  const last = pdf?.numPages ?? document.segments ?? 1
  const page = Math.min(last, Math.max(1, reading.page ?? 1))
  // The mark belongs to the page it was opened at; the step of the history remembers it while one turns pages.
  const home = useRef({ page, mark: reading.mark })
  if (reading.mark) home.current = { page, mark: reading.mark }
  const mark = home.current.page === page ? home.current.mark : null
  const rectangles = useRectangles(document, page, mark)

  const turn = useCallback(
    (to: number) => {
      const page = Math.min(last, Math.max(1, to))
      const { mark, page: homePage } = home.current
      router.read({ documentId, page, part: null, mark: page === homePage ? mark : null }, { replace: true })
    },
    [router, documentId, last],
  )
  const step = useCallback((by: 1 | -1) => {
    setZoom(now => zooms[Math.min(zooms.length - 1, Math.max(0, zooms.indexOf(now) + by))] ?? 1)
  }, [])

  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || isWriting(event.target)) return
      if (window.document.querySelector('[role="dialog"], [role="menu"]')) return
      if (event.key === 'ArrowLeft') turn(page - 1)
      else if (event.key === 'ArrowRight') turn(page + 1)
      else if (letters && event.key === '+') step(1)
      else if (letters && event.key === '-') step(-1)
      else return
      event.preventDefault()
    }
    window.addEventListener('keydown', pressed)
    return () => window.removeEventListener('keydown', pressed)
  }, [turn, step, page, letters])

  return (
    <>
      <div className="flex shrink-0 items-center justify-between gap-2 border-b border-line bg-paper px-1.5 py-0.5 text-sm">
        <div className="flex items-center">
          <IconButton label={words('reading.previousPage')} disabled={page <= 1} onClick={() => turn(page - 1)}>
            <ChevronLeft aria-hidden />
          </IconButton>
          <PageField page={page} last={last} turn={turn} />
          <IconButton label={words('reading.nextPage')} disabled={page >= last} onClick={() => turn(page + 1)}>
            <ChevronRight aria-hidden />
          </IconButton>
        </div>
        <div className="flex items-center">
          <IconButton label={words('reading.zoomOut')} disabled={zoom === zooms[0]} onClick={() => step(-1)}>
            <Minus aria-hidden />
          </IconButton>
          <button
            type="button"
            onClick={() => setZoom(1)}
            title={words('reading.fit')}
            className="min-h-10 min-w-14 rounded-lg px-1 text-soft tabular-nums hover:bg-sunken hover:text-ink"
          >
            {Math.round(zoom * 100)} %<span className="sr-only">, {words('reading.fit')}</span>
          </button>
          <IconButton label={words('reading.zoomIn')} disabled={zoom === zooms.at(-1)} onClick={() => step(1)}>
            <Plus aria-hidden />
          </IconButton>
        </div>
      </div>
      {asking ? (
        <div className="m-4 rounded-xl bg-surface px-4 py-4 text-sm shadow-lift">
          <p id={why}>{words(asking.wrong ? 'reading.passwordWrong' : 'reading.passwordLead')}</p>
          <PasswordField
            unlock={asking.use}
            wrong={asking.wrong}
            why={why}
            focus={asking.wrong}
            action={words('reading.unlock')}
          />
        </div>
      ) : failed ? (
        <p role="alert" className="m-4 rounded-xl bg-danger-soft px-4 py-3 text-sm">
          {words('reading.failed')}
        </p>
      ) : (
        <PdfPage
          pdf={pdf}
          page={page}
          zoom={zoom}
          rectangles={rectangles}
          soft={mark?.kind === 'passage'}
          label={words('reading.canvas', { page, file: document.name })}
          quote={mark ? words('reading.quote', { quote: mark.quote }) : null}
        />
      )}
    </>
  )
}

interface Asking {
  wrong: boolean
  use(password: string): void
}

function PageField({ page, last, turn }: { page: number; last: number; turn(page: number): void }) {
  const words = useWords()
  const [typed, setTyped] = useState<string | null>(null)
  const go = () => {
    const number = Number.parseInt(typed ?? '', 10)
    if (number > 0) turn(number)
    setTyped(null)
  }
  return (
    <span className="flex items-center gap-1.5 whitespace-nowrap text-soft">
      <input
        aria-label={words('reading.page')}
        inputMode="numeric"
        value={typed ?? String(page)}
        onChange={event => setTyped(event.target.value.replace(/\D/g, ''))}
        onFocus={event => event.target.select()}
        onBlur={go}
        onKeyDown={event => event.key === 'Enter' && go()}
        className="h-8 w-12 rounded-md border border-edge/60 bg-surface text-center text-ink tabular-nums"
      />
      {words('reading.of', { total: last })}
    </span>
  )
}
