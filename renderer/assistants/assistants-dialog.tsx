import { useQuery } from '@tanstack/react-query'
import { Plus } from 'lucide-react'
import { useState } from 'react'
import type { ApiAssistant } from '../../shared/api/index.ts'
import { useApp, useProject } from '../app-context.ts'
import { Button } from '../parts/button.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { Menu } from '../parts/menu.tsx'
import { Loading, Problem, sentenceOf } from '../parts/problem.tsx'
import { read } from '../queries.ts'
import { useWords } from '../words.tsx'
import { AssistantForm } from './assistant-form.tsx'

export function AssistantsDialog({ close }: { close(): void }) {
  const words = useWords()
  const { client, queries, toasts } = useApp()
  const project = useProject()
  const query = useQuery(read.assistants(client, project.id))
  const [editing, setEditing] = useState<ApiAssistant | 'new' | null>(null)
  const refresh = () => void queries.invalidateQueries({ queryKey: ['assistants', project.id] })

  const remove = async ({ id, name }: ApiAssistant) => {
    try {
      await client.assistants.delete({ projectId: project.id, assistantId: id })
      toasts.show(words('assistants.deleted', { name }))
    } catch (error) {
      toasts.show(sentenceOf(error, words))
    }
    refresh()
  }
  if (editing)
    return (
      <Dialog title={editing === 'new' ? words('assistants.new') : editing.name} open close={() => setEditing(null)}>
        <AssistantForm
          assistant={editing === 'new' ? null : editing}
          cancel={() => setEditing(null)}
          saved={() => {
            setEditing(null)
            refresh()
          }}
        />
      </Dialog>
    )
  return (
    <Dialog title={words('assistants.title')} lead={words('assistants.lead')} open close={close}>
      {query.isError && <Problem error={query.error} retry={() => void query.refetch()} />}
      {query.isPending && <Loading />}
      {query.data?.length === 0 && <p className="py-4 text-soft">{words('assistants.none')}</p>}
      {query.data && query.data.length > 0 && (
        <ul className="divide-y divide-line">
          {query.data.map(assistant => (
            <li key={assistant.id} className="flex items-center gap-3 py-2.5">
              <div className="min-w-0 grow">
                <p className="truncate font-medium">{assistant.name}</p>
                <p className="truncate text-sm text-soft">{assistant.instructions}</p>
              </div>
              <Menu
                label={words('assistants.actions', { name: assistant.name })}
                items={[
                  { label: words('assistants.edit'), run: () => setEditing(assistant) },
                  { label: words('assistants.delete'), run: () => void remove(assistant), danger: true },
                ]}
              />
            </li>
          ))}
        </ul>
      )}
      <Button className="mt-4" onClick={() => setEditing('new')}>
        <Plus aria-hidden className="size-4" />
        {words('assistants.new')}
      </Button>
    </Dialog>
  )
}
