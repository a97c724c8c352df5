import { oc } from '@orpc/contract'
import { z } from 'zod'
import { id, time } from './common.ts'

export const project = z.object({
  id,
  name: z.string().describe('The first project is called “Meine Dokumente / My documents”: show one of the two'),
  type: z.enum(['documents']),
  createdAt: time,
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
    .route({ method: 'PATCH', path: '/projects/{projectId}', summary: 'Rename a project', tags: ['Projects'] })
    .input(z.object({ projectId: id, name }))
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
