import { useEffect, useLayoutEffect, useRef, useState } from 'react'
import type { Rectangle } from '../../shared/model/index.ts'
import { linesOf } from './mark.ts'
import { drawPage, type PDFDocumentProxy, type PDFPageProxy, TextLayer } from './pdf.ts'

/** Pixels of a canvas at most: phones refuse larger ones. */
const mostPixels = 16_000_000
/** Pixels around the page. */
const border = 16

/** The page on a canvas, selectable text over it, and the marks. */
export function PdfPage({
  pdf,
  page: number,
  zoom,
  rectangles,
  soft,
  label,
  quote,
}: {
  pdf: PDFDocumentProxy | null
  page: number
  zoom: number
  /** In points from the upper left of the page as shown. */
  rectangles: readonly Rectangle[]
  soft: boolean
  label: string
  /** Said to those who do not see the marks. */
  quote: string | null
}) {
  const scroller = useRef<HTMLDivElement>(null)
  const holder = useRef<HTMLDivElement>(null)
  const textHolder = useRef<HTMLDivElement>(null)
  const firstMark = useRef<HTMLDivElement>(null)
  const width = useWidth(scroller)
  const [page, setPage] = useState<PDFPageProxy | null>(null)

  useEffect(() => {
    let gone = false
    pdf?.getPage(number).then(
      got => !gone && setPage(got),
      () => {},
    )
    return () => {
      gone = true
    }
  }, [pdf, number])

  const plain = page?.getViewport({ scale: 1 })
  const scale = plain && width > 0 ? (Math.max(200, width - 2 * border) / plain.width) * zoom : 0
  const shown = scale > 0 && page ? page.getViewport({ scale }) : null

  // biome-ignore lint/correctness/useExhaustiveDependencies: the viewport follows from page and scale
  useEffect(() => {
    const place = holder.current
    const texts = textHolder.current
    if (!pdf || !page || !shown || !place || !texts) return
    const sharpness = Math.min(window.devicePixelRatio || 1, Math.sqrt(mostPixels / (shown.width * shown.height)))
    const canvas = document.createElement('canvas')
    canvas.width = Math.floor(shown.width * sharpness)
    canvas.height = Math.floor(shown.height * sharpness)
    canvas.className = 'block size-full'
    texts.replaceChildren()
    const layer = new TextLayer({ textContentSource: page.streamTextContent(), container: texts, viewport: shown })
    let gone = false
    let stop = () => {}
    const draw = async () => {
      const task = await drawPage(pdf, page, canvas, scale * sharpness)
      stop = () => task.cancel()
      if (gone) stop()
      await task.promise
      // The old picture stays until the new one is whole.
      place.replaceChildren(canvas)
      place.dataset.rendered = String(number)
      await layer.render()
    }
    draw().catch(() => {})
    return () => {
      gone = true
      stop()
      layer.cancel()
    }
  }, [page, scale])

  const marked = rectangles.map(rectangle => rectangle.join()).join(' ')
  // biome-ignore lint/correctness/useExhaustiveDependencies: when the page or what is marked on it changes, or its size is known
  useLayoutEffect(() => {
    if (scale === 0 || page?.pageNumber !== number) return
    if (firstMark.current) firstMark.current.scrollIntoView({ block: 'center', inline: 'nearest' })
    else scroller.current?.scrollTo({ top: 0 })
  }, [page, number, scale > 0, marked])

  return (
    <section
      ref={scroller}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and the keyboard must be able to
      tabIndex={0}
      aria-label={label}
      className="relative min-h-0 grow overflow-auto"
    >
      {quote && <p className="sr-only">{quote}</p>}
      <div
        className="relative mx-auto my-4 shadow-lift"
        style={shown ? { width: shown.width, height: shown.height, ['--total-scale-factor' as string]: scale } : {}}
      >
        <div
          ref={holder}
          role="img"
          aria-label={label}
          data-page={number}
          className="page-picture absolute inset-0 overflow-hidden bg-white"
        />
        {page?.pageNumber === number &&
          scale > 0 &&
          linesOf(rectangles).map(([left, top, right, bottom], at) => (
            <div
              // biome-ignore lint/suspicious/noArrayIndexKey: they have no other name
              key={at}
              ref={at === 0 ? firstMark : undefined}
              data-mark
              aria-hidden
              className={soft ? 'page-mark page-mark-soft' : 'page-mark'}
              style={{
                left: left * scale - 1,
                top: top * scale - 1,
                width: (right - left) * scale + 2,
                height: (bottom - top) * scale + 2,
              }}
            />
          ))}
        <div ref={textHolder} className="page-text" aria-hidden />
      </div>
    </section>
  )
}

/** Of the element, without its scroll bar; settles before it is told, so that a moving edge does not draw every page anew. */
function useWidth(element: React.RefObject<HTMLElement | null>): number {
  const [width, setWidth] = useState(0)
  useLayoutEffect(() => {
    const watched = element.current
    if (!watched) return
    setWidth(watched.clientWidth)
    let timer: ReturnType<typeof setTimeout> | undefined
    const observer = new ResizeObserver(() => {
      clearTimeout(timer)
      timer = setTimeout(() => setWidth(watched.clientWidth), 120)
    })
    observer.observe(watched)
    return () => {
      clearTimeout(timer)
      observer.disconnect()
    }
  }, [element])
  return width
}
