import { useQuery } from '@tanstack/react-query'
import { lazy, type ReactNode, Suspense, useState } from 'react'
import { useApp, useProject } from '../app-context.ts'
import { Boundary } from '../parts/boundary.tsx'
import { Confirm } from '../parts/dialog.tsx'
import { MenuOf } from '../parts/menu.tsx'
import { NameDialog } from '../parts/name-dialog.tsx'
import { sentenceOf } from '../parts/problem.tsx'
import { read } from '../queries.ts'
import { useWords } from '../words.tsx'

// A library of one user has no members.
const MembersDialog = lazy(async () => ({ default: (await import('../members/members-dialog.tsx')).MembersDialog }))

/** As the server has it. */
const longestName = 100

/** Which project one is in; others, a new one, and an end to this one. */
export function ProjectMenu({ select, children }: { select(projectId: string): void; children: ReactNode }) {
  const words = useWords()
  const { client, queries, toasts, options } = useApp()
  const project = useProject()
  const { data: projects = [] } = useQuery(read.projects(client))
  const [asking, setAsking] = useState<'create' | 'rename' | 'delete' | 'members' | null>(null)
  const name = words.projectName(project.name)
  const own = project.role === 'owner'

  const { queryKey } = read.projects(client)

  const create = async (name: string) => {
    const made = await client.projects.create({ name })
    queries.setQueryData(queryKey, before => [...(before ?? []).filter(({ id }) => id !== made.id), made])
    select(made.id)
  }
  const rename = async (name: string) => {
    const renamed = await client.projects.update({ projectId: project.id, name })
    queries.setQueryData(queryKey, before => before?.map(one => (one.id === renamed.id ? renamed : one)))
    toasts.show(words('project.renamed', { name: renamed.name }))
  }
  /** It is there no more, for this user at least. */
  const forget = () => {
    const rest = projects.filter(({ id }) => id !== project.id)
    queries.setQueryData(queryKey, rest)
    if (rest[0]) select(rest[0].id)
  }
  const remove = async () => {
    try {
      await client.projects.delete({ projectId: project.id })
      // Nothing in it can be taken back any more.
      toasts.clear()
      toasts.show(words('project.deleted', { name }))
      forget()
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
          options: projects.map(one => ({
            value: one.id,
            label: words.projectName(one.name),
            ...(one.role !== 'owner' && {
              hint: words('members.shared', { role: words(`members.roles.${one.role}`) }),
            }),
          })),
          choose: id => id !== project.id && select(id),
        }}
        items={[
          { label: words('nav.newProject'), run: () => setAsking('create') },
          ...(options.mode === 'server' ? [{ label: words('members.menu'), run: () => setAsking('members') }] : []),
          ...(own ? [{ label: words('nav.renameProject'), run: () => setAsking('rename') }] : []),
          ...(own && projects.length > 1
            ? [{ label: words('nav.deleteProject'), run: () => setAsking('delete'), danger: true }]
            : []),
        ]}
      />
      {asking === 'members' && (
        <Boundary>
          <Suspense fallback={null}>
            <MembersDialog
              close={() => setAsking(null)}
              left={() => {
                setAsking(null)
                toasts.show(words('members.left', { name }))
                forget()
              }}
            />
          </Suspense>
        </Boundary>
      )}
      {asking === 'create' && (
        <NameDialog
          title={words('project.create')}
          lead={words('project.hint')}
          label={words('project.name')}
          action={words('app.create')}
          longest={longestName}
          save={create}
          close={() => setAsking(null)}
        />
      )}
      {asking === 'rename' && (
        <NameDialog
          title={words('project.rename')}
          label={words('project.name')}
          action={words('app.save')}
          longest={longestName}
          name={name}
          save={rename}
          close={() => setAsking(null)}
        />
      )}
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
