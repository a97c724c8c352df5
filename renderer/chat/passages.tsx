import { ChevronRight } from 'lucide-react'
import { memo, useState } from 'react'
import type { Passage } from '../../shared/model/index.ts'
import { useWords } from '../words.tsx'
import { useOpenPassage } from './open-place.ts'

/** How many are shown before one asks for all. */
const first = 3

/** What was found, before anything is written about it. It stays as it is when the answer comes: nothing may jump. */
export const Passages = memo(function Passages({ passages }: { passages: Passage[] }) {
  const words = useWords()
  const [shown, setShown] = useState(true)
  const [all, setAll] = useState(false)
  if (passages.length === 0) return null
  return (
    <div className="mt-4">
      <button
        type="button"
        aria-expanded={shown}
        onClick={() => setShown(!shown)}
        className="-ml-2 inline-flex min-h-9 items-center gap-1.5 rounded-lg px-2 text-sm text-soft hover:bg-sunken hover:text-ink"
      >
        <ChevronRight aria-hidden className={`size-4 motion-safe:transition-transform ${shown ? 'rotate-90' : ''}`} />
        {words('chat.passages', { count: passages.length })}
      </button>
      {shown && (
        <>
          <ul className="mt-1 divide-y divide-line rounded-xl border border-line bg-surface">
            {(all ? passages : passages.slice(0, first)).map(passage => (
              <OnePassage key={passage.chunkId} passage={passage} />
            ))}
          </ul>
          {!all && passages.length > first && (
            <button
              type="button"
              onClick={() => setAll(true)}
              className="mt-1 min-h-9 rounded-lg px-2 text-sm text-accent underline-offset-4 hover:underline"
            >
              {words('search.more')}
            </button>
          )}
        </>
      )}
    </div>
  )
})

function OnePassage({ passage }: { passage: Passage }) {
  const words = useWords()
  const open = useOpenPassage(passage)
  return (
    <li>
      <button
        type="button"
        onClick={open}
        className="flex w-full flex-wrap items-baseline gap-x-3 rounded-xl px-3.5 py-2 text-left text-sm hover:bg-sunken sm:flex-nowrap"
      >
        <span className="flex max-w-full shrink-0 font-medium sm:max-w-[60%]">
          <span className="min-w-16 truncate">{passage.file}</span>
          <span className="min-w-16 truncate whitespace-pre">, {words.place(passage)}</span>
        </span>
        <span className="min-w-0 truncate text-soft">{passage.text}</span>
      </button>
    </li>
  )
}
