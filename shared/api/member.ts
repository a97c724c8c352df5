import { oc } from '@orpc/contract'
import { z } from 'zod'
import { id, inProject, time } from './common.ts'
import { projectRole } from './project.ts'

/** A user's: an id, or `local` where there is one user alone. */
export const userId = z.string().min(1).max(64)

export const member = z.object({
  userId,
  name: z.string().nullable(),
  email: z.string().nullable().describe('For the owner of the project'),
  role: projectRole,
  createdAt: time.nullable().describe('Since when; null for the owner'),
  expiresAt: time.nullable().describe('Until when, of somebody who looks in for a while; null: until it is taken back'),
})

const memberRole = projectRole.exclude(['owner'])
const email = z.string().trim().toLowerCase().max(254).pipe(z.email())
export const projectInvitation = z.object({
  id,
  email: z.string(),
  role: memberRole,
  createdAt: time,
  expiresAt: time,
})
const base = '/projects/{projectId}/members'
const one = z.object({ ...inProject, userId })
const tags = ['Members']

export const members = {
  list: oc
    .route({ method: 'GET', path: base, summary: 'Who has a part in a project, its owner first', tags })
    .input(z.object(inProject))
    .output(
      z.object({
        members: z.array(member),
        invitations: z.array(projectInvitation).describe('Those that are open, for the owner of the project'),
      }),
    ),
  invite: oc
    .route({
      method: 'POST',
      path: `/projects/{projectId}/invitations`,
      summary: 'Ask somebody into a project, by e-mail address',
      description:
        'For its owner. The answer is the same whether the address has an account: whoever has it finds the invitation in theirs, now or when there is one, within a week.',
      tags,
      successStatus: 201,
    })
    .input(z.object({ ...inProject, email, role: memberRole }))
    .output(projectInvitation),
  uninvite: oc
    .route({
      method: 'DELETE',
      path: `/projects/{projectId}/invitations/{invitationId}`,
      summary: 'Take an invitation into a project back',
      tags,
      successStatus: 204,
    })
    .input(z.object({ ...inProject, invitationId: id }))
    .output(z.undefined()),
  add: oc
    .route({
      method: 'POST',
      path: base,
      summary: 'Give somebody a part in a project',
      description: 'Somebody with an account here, by id. For its owner.',
      tags,
      successStatus: 201,
    })
    .input(one.extend({ role: memberRole }))
    .output(member),
  update: oc
    .route({ method: 'PATCH', path: `${base}/{userId}`, summary: 'Change the role of a member', tags })
    .input(one.extend({ role: memberRole }))
    .output(member),
  remove: oc
    .route({
      method: 'DELETE',
      path: `${base}/{userId}`,
      summary: 'Take a part in a project back, or give up one’s own',
      description: 'At once. Chats of that member stay theirs, and nobody else finds them.',
      tags,
      successStatus: 204,
    })
    .input(one)
    .output(z.undefined()),
}

/** One’s own. */
export const invitations = {
  list: oc.route({ method: 'GET', path: '/invitations', summary: 'The projects one was asked into', tags }).output(
    z.object({
      invitations: z.array(
        z.object({
          id,
          project: z.string().describe('Its name'),
          owner: z.string().describe('The address of whose it is'),
          role: memberRole,
          expiresAt: time,
        }),
      ),
    }),
  ),
  accept: oc
    .route({ method: 'POST', path: '/invitations/{invitationId}/accept', summary: 'Take part in the project', tags })
    .input(z.object({ invitationId: id }))
    .output(z.object({ projectId: id })),
  decline: oc
    .route({
      method: 'DELETE',
      path: '/invitations/{invitationId}',
      summary: 'Want no part in the project; its owner is not told',
      tags,
      successStatus: 204,
    })
    .input(z.object({ invitationId: id }))
    .output(z.undefined()),
}

export type ApiProjectInvitation = z.output<typeof projectInvitation>
export type ApiMember = z.output<typeof member>
