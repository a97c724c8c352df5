import { useQuery } from '@tanstack/react-query'
import { useLayoutEffect, useRef, useState } from 'react'
import type { ApiDocument } from '../../shared/api/index.ts'
import { useApp } from '../app-context.ts'
import type { Reading } from '../route.ts'
import { useWords } from '../words.tsx'
import { linesOf } from './mark.ts'
import { useRectangles } from './rectangles.ts'

/** What browsers show by themselves; pages of a TIFF file are read as text. */
export function isPicture({ mediaType }: ApiDocument): boolean {
  return ['image/png', 'image/jpeg', 'image/webp'].includes(mediaType)
}

/** A picture, fitted to the width, with what is meant marked on it. */
export function PictureView({ document, reading }: { document: ApiDocument; reading: Reading }) {
  const words = useWords()
  const { client } = useApp()
  const [failed, setFailed] = useState(false)
  const firstMark = useRef<HTMLDivElement>(null)
  const { projectId, id: documentId } = document
  const rectangles = useRectangles(document, 1, reading.mark)
  // Rectangles are in points of a page of this size; on the screen they are shares of it.
  const { data: page } = useQuery({
    queryKey: ['segment', projectId, documentId, 1],
    queryFn: ({ signal }) => client.documents.segment({ projectId, documentId, number: 1 }, { signal }),
  })
  const { width = 0, height = 0 } = page ?? {}
  const marked = rectangles.map(rectangle => rectangle.join()).join(' ')
  // biome-ignore lint/correctness/useExhaustiveDependencies: when what is marked changes, or the size of the page is known
  useLayoutEffect(() => {
    firstMark.current?.scrollIntoView({ block: 'center', inline: 'nearest' })
  }, [marked, width])
  const share = (part: number, whole: number) => `${(100 * part) / whole}%`
  const label = words('reading.canvas', { page: 1, file: document.name })

  if (failed)
    return (
      <p role="alert" className="m-4 rounded-xl bg-danger-soft px-4 py-3 text-sm">
        {words('reading.failed')}
      </p>
    )
  return (
    <section
      // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and the keyboard must be able to
      tabIndex={0}
      aria-label={label}
      className="relative min-h-0 grow overflow-auto p-4"
    >
      {reading.mark && <p className="sr-only">{words('reading.quote', { quote: reading.mark.quote })}</p>}
      <div
        className="relative mx-auto bg-white shadow-lift"
        style={width > 0 && height > 0 ? { aspectRatio: `${width} / ${height}` } : {}}
      >
        <img
          src={`/api/v1/projects/${projectId}/documents/${documentId}/original`}
          alt={label}
          onError={() => setFailed(true)}
          className="block w-full"
        />
        {width > 0 &&
          height > 0 &&
          linesOf(rectangles).map(([left, top, right, bottom], at) => (
            <div
              // biome-ignore lint/suspicious/noArrayIndexKey: they have no other name
              key={at}
              ref={at === 0 ? firstMark : undefined}
              data-mark
              aria-hidden
              className={reading.mark?.kind === 'passage' ? 'page-mark page-mark-soft' : 'page-mark'}
              style={{
                left: share(left, width),
                top: share(top, height),
                width: share(right - left, width),
                height: share(bottom - top, height),
              }}
            />
          ))}
      </div>
    </section>
  )
}
