import { useQuery } from '@tanstack/react-query'
import { ChevronRight } from 'lucide-react'
import { memo, type ReactNode, useState } from 'react'
import type { ApiMessage } from '../../shared/api/index.ts'
import type { Passage } from '../../shared/model/index.ts'
import { useApp, useProject } from '../app-context.ts'
import { Problem } from '../parts/problem.tsx'
import { read } from '../queries.ts'
import { useWords } from '../words.tsx'
import { PassageItem } from './passage-item.tsx'

/** How many are shown before one asks for all. */
const first = 3

/** What was found, before anything is written about it. It stays as it is when the answer comes: nothing may jump. */
export const Passages = memo(function Passages({ passages }: { passages: Passage[] }) {
  const [shown, show] = useState(true)
  return <List count={passages.length} passages={passages} shown={shown} show={show} />
})

/** Those of an answer that is kept: read when they are to be seen, as their documents have them now. */
export function KeptPassages({ message, open }: { message: ApiMessage; open: boolean }) {
  const words = useWords()
  const { client } = useApp()
  const { id } = useProject()
  const [shown, show] = useState(open)
  const query = read.passages(client, id, message.chatId, message.id)
  const { data, error, refetch } = useQuery({ ...query, enabled: shown && message.passages > 0 })
  return (
    <List count={message.passages} passages={data?.passages ?? []} shown={shown} show={show}>
      {data && data.missing > 0 && (
        <p className="mt-1 px-2 text-sm text-soft">{words('chat.passagesGone', { count: data.missing })}</p>
      )}
      {error && <Problem error={error} retry={() => void refetch()} />}
    </List>
  )
}

function List({
  count,
  passages,
  shown,
  show,
  children,
}: {
  count: number
  passages: Passage[]
  shown: boolean
  show(shown: boolean): void
  children?: ReactNode
}) {
  const words = useWords()
  const [all, setAll] = useState(false)
  if (count === 0) return null
  return (
    <div className="mt-4 print:hidden">
      <button
        type="button"
        aria-expanded={shown}
        onClick={() => show(!shown)}
        className="-ml-2 inline-flex min-h-9 items-center gap-1.5 rounded-lg px-2 text-sm text-soft hover:bg-sunken hover:text-ink"
      >
        <ChevronRight aria-hidden className={`size-4 motion-safe:transition-transform ${shown ? 'rotate-90' : ''}`} />
        {words('chat.passages', { count })}
      </button>
      {shown && (
        <>
          {passages.length > 0 && (
            <ul className="mt-1 divide-y divide-line rounded-xl border border-line bg-surface">
              {(all ? passages : passages.slice(0, first)).map(passage => (
                <PassageItem key={passage.chunkId} passage={passage} />
              ))}
            </ul>
          )}
          {!all && passages.length > first && (
            <button
              type="button"
              onClick={() => setAll(true)}
              className="mt-1 min-h-9 rounded-lg px-2 text-sm text-accent underline-offset-4 hover:underline"
            >
              {words('search.more')}
            </button>
          )}
          {children}
        </>
      )}
    </div>
  )
}
