import { useQuery } from '@tanstack/react-query'
import { UserRound } from 'lucide-react'
import { lazy, Suspense, useState } from 'react'
import { useApp, useProject } from '../app-context.ts'
import { MenuOf } from '../parts/menu.tsx'
import { read } from '../queries.ts'
import { useWords } from '../words.tsx'

const Assistants = lazy(async () => ({ default: (await import('./assistants-dialog.tsx')).AssistantsDialog }))

/** Whom a chat is with. */
export function AssistantChoice({ chosen, choose }: { chosen: string | null; choose(id: string | null): void }) {
  const words = useWords()
  const { client } = useApp()
  const project = useProject()
  const { data: assistants = [] } = useQuery(read.assistants(client, project.id))
  const [managing, setManaging] = useState(false)
  const current = assistants.find(({ id }) => id === chosen)
  return (
    <>
      <MenuOf
        trigger={
          <button
            type="button"
            aria-label={`${words('ask.assistant')}: ${current?.name ?? words('ask.nobody')}`}
            className="inline-flex min-h-10 max-w-full min-w-0 items-center gap-1.5 rounded-lg px-2 text-sm text-soft hover:bg-sunken hover:text-ink"
          >
            <UserRound aria-hidden className="size-4 shrink-0" />
            <span className="truncate">{current?.name ?? words('ask.nobody')}</span>
          </button>
        }
        choices={{
          label: words('ask.assistant'),
          value: current?.id ?? '',
          options: [
            { value: '', label: words('ask.nobody') },
            ...assistants.map(({ id, name }) => ({ value: id, label: name })),
          ],
          choose: id => choose(id === '' ? null : id),
        }}
        items={[{ label: words('ask.manage'), run: () => setManaging(true) }]}
      />
      {managing && (
        <Suspense>
          <Assistants close={() => setManaging(false)} />
        </Suspense>
      )}
    </>
  )
}
