import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { useApp, useProject } from '../app-context.ts'
import { Button } from '../parts/button.tsx'
import { Confirm, Dialog } from '../parts/dialog.tsx'
import { Field, fieldLook } from '../parts/field.tsx'
import { MenuOf } from '../parts/menu.tsx'
import { Problem, sentenceOf } from '../parts/problem.tsx'
import { read } from '../queries.ts'
import { useWords } from '../words.tsx'

/** Which project one is in; others, a new one, and an end to this one. */
export function ProjectMenu({ select, children }: { select(projectId: string): void; children: ReactNode }) {
  const words = useWords()
  const { client, queries, toasts } = useApp()
  const project = useProject()
  const { data: projects = [] } = useQuery(read.projects(client))
  const [asking, setAsking] = useState<'create' | 'delete' | null>(null)
  const name = words.projectName(project.name)

  const remove = async () => {
    try {
      await client.projects.delete({ projectId: project.id })
      toasts.show(words('project.deleted', { name }))
      const rest = projects.filter(({ id }) => id !== project.id)
      queries.setQueryData(read.projects(client).queryKey, rest)
      if (rest[0]) select(rest[0].id)
    } catch (error) {
      toasts.show(sentenceOf(error, words))
    }
  }
  return (
    <>
      <MenuOf
        trigger={children}
        choices={{
          label: words('nav.projects'),
          value: project.id,
          options: projects.map(one => ({ value: one.id, label: words.projectName(one.name) })),
          choose: id => id !== project.id && select(id),
        }}
        items={[
          { label: words('nav.newProject'), run: () => setAsking('create') },
          ...(projects.length > 1
            ? [{ label: words('nav.deleteProject'), run: () => setAsking('delete'), danger: true }]
            : []),
        ]}
      />
      {asking === 'create' && <NewProject close={() => setAsking(null)} select={select} />}
      <Confirm
        open={asking === 'delete'}
        title={words('project.delete', { name })}
        lead={words('project.deleteLead')}
        action={words('project.deleteAction')}
        close={() => setAsking(null)}
        confirm={() => void remove()}
      />
    </>
  )
}

function NewProject({ close, select }: { close(): void; select(projectId: string): void }) {
  const words = useWords()
  const { client, queries } = useApp()
  const [name, setName] = useState('')
  const [error, setError] = useState<unknown>(null)
  const create = async () => {
    try {
      const project = await client.projects.create({ name })
      const { queryKey } = read.projects(client)
      queries.setQueryData(queryKey, before => [...(before ?? []).filter(({ id }) => id !== project.id), project])
      close()
      select(project.id)
    } catch (thrown) {
      setError(thrown)
    }
  }
  return (
    <Dialog title={words('project.create')} lead={words('project.hint')} open close={close}>
      <form
        onSubmit={event => {
          event.preventDefault()
          void create()
        }}
      >
        <Field label={words('project.name')}>
          {ids => (
            <input
              {...ids}
              required
              maxLength={200}
              value={name}
              onChange={event => setName(event.target.value)}
              className={fieldLook}
            />
          )}
        </Field>
        {error !== null && <Problem error={error} />}
        <div className="mt-6 flex justify-end gap-3">
          <Button onClick={close}>{words('app.cancel')}</Button>
          <Button look="main" type="submit" disabled={name.trim() === ''}>
            {words('app.create')}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
