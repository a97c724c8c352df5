import { useInfiniteQuery } from '@tanstack/react-query'
import type { UpdateChoice } from '../../shared/api/desktop.ts'
import { useApp, useProject } from '../app-context.ts'
import { answered, type Desktop } from '../desktop.ts'
import { Button } from '../parts/button.tsx'
import { Link } from '../parts/link.tsx'
import { sentenceOf } from '../parts/problem.tsx'
import { read } from '../queries.ts'
import { useRoute } from '../route.ts'
import { useStore } from '../store.ts'
import { useWords } from '../words.tsx'

/** The one question about updates, and a word where there is something to decide. */
export function UpdatesNotice({ desktop }: { desktop: Desktop }) {
  const words = useWords()
  const updates = useStore(desktop.updates)
  if (updates.name === 'unasked') return <Question desktop={desktop} />
  // Of the one that somebody goes back to the settings speak.
  if ((updates.name !== 'available' && updates.name !== 'ready') || updates.back) return null
  return (
    <p role="status" className="shrink-0 border-b border-line px-4 py-2 text-sm">
      {words(`desktop.updates.${updates.name}`, { version: updates.version })}{' '}
      <Link view="settings" className="text-accent underline underline-offset-4">
        {words('desktop.updates.look')}
      </Link>
    </p>
  )
}

/**
 * When something has been answered, and not over the answer: whoever has just opened Cloister does not know yet whether they want it. The
 * settings ask themselves.
 */
function Question({ desktop }: { desktop: Desktop }) {
  const words = useWords()
  const { client, router } = useApp()
  const { view } = useRoute(router)
  const { data } = useInfiniteQuery(read.chats(client, useProject().id))
  const choose = useUpdateChoice(desktop)
  const open = useStore(desktop.server).name === 'ready'
  if (!open || view === 'chat' || view === 'settings' || !data || data.pages[0]?.chats.length === 0) return null
  return (
    <div
      role="status"
      className="flex shrink-0 flex-wrap items-center gap-x-4 gap-y-2 border-b border-line px-4 py-2 text-sm"
    >
      <p className="grow">{words('desktop.updates.askShort')}</p>
      <div className="flex gap-2">
        <Button onClick={() => void choose('on')}>{words('desktop.updates.on')}</Button>
        <Button onClick={() => void choose('off')}>{words('desktop.updates.no')}</Button>
      </div>
    </div>
  )
}

/** Shows what has become of it at once. */
export function useUpdateChoice({ bridge, updates }: Desktop): (choice: UpdateChoice) => Promise<void> {
  const words = useWords()
  const { toasts } = useApp()
  return async choice => {
    try {
      updates.set(await answered(bridge.chooseUpdate({ choice })))
    } catch (error) {
      toasts.show(sentenceOf(error, words))
    }
  }
}
