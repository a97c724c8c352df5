import { oc } from '@orpc/contract'
import { z } from 'zod'
import { id, time } from './common.ts'

/** What a project says of models. */
const policy = {
  localOnly: z.boolean().describe('Only models of this machine: no text of the project leaves for a model elsewhere'),
  providers: z
    .array(z.string().max(32))
    .max(100)
    .nullable()
    .describe(
      'Slugs of the providers that are allowed, and may stand in for one another; null: all, where they were chosen',
    ),
  chatModel: z
    .string()
    .max(200)
    .nullable()
    .describe('The model that answers: a file’s name, or `slug/model` of a provider; null: the installation’s'),
}

export const projectRole = z
  .enum(['owner', 'editor', 'reader'])
  .describe(
    'The caller’s: `reader` sees the documents and asks, `editor` changes documents and assistants too, `owner` decides over it',
  )

export const project = z.object({
  id,
  name: z.string().describe('The first project is called “Meine Dokumente / My documents”: show one of the two'),
  type: z.enum(['documents']),
  role: projectRole,
  createdAt: time,
  ...policy,
})

/** The core says how long it may be. */
const name = z.string()

export const projects = {
  list: oc
    .route({ method: 'GET', path: '/projects', summary: 'All projects, oldest first', tags: ['Projects'] })
    .output(z.object({ projects: z.array(project) })),
  create: oc
    .route({ method: 'POST', path: '/projects', summary: 'Create a project', tags: ['Projects'], successStatus: 201 })
    .input(z.object({ name }))
    .output(project),
  get: oc
    .route({ method: 'GET', path: '/projects/{projectId}', summary: 'One project', tags: ['Projects'] })
    .input(z.object({ projectId: id }))
    .output(project),
  update: oc
    .route({
      method: 'PATCH',
      path: '/projects/{projectId}',
      summary: 'Rename a project, or say which models may work on it',
      tags: ['Projects'],
    })
    .input(z.object({ projectId: id, name: name.optional(), ...z.object(policy).partial().shape }))
    .output(project),
  delete: oc
    .route({
      method: 'DELETE',
      path: '/projects/{projectId}',
      summary: 'Delete a project for good, with everything in it',
      description: 'The last project cannot be deleted (`last-project`).',
      tags: ['Projects'],
      successStatus: 204,
    })
    .input(z.object({ projectId: id }))
    .output(z.undefined()),
}

export type ApiProject = z.output<typeof project>
