import { oc } from '@orpc/contract'
import { z } from 'zod'
import { erasedAccount, role } from './account.ts'
import { id, time } from './common.ts'

const language = z.enum(['de', 'en'])
const email = z.string().trim().toLowerCase().max(254).pipe(z.email())

export const user = z.object({
  id: z.string(),
  email: z.string(),
  name: z.string(),
  role,
  emailVerified: z.boolean(),
  secondFactor: z.boolean(),
  blocked: z.boolean(),
  createdAt: time,
  seenAt: time.nullable().describe('When a session of theirs was used last, to the hour'),
})

const invitation = z.object({
  id: z.string(),
  email: z.string(),
  role,
  createdAt: time,
  expiresAt: time,
  inviter: z.string().nullable(),
})

const link = z.string().nullable().describe('To be handed over, where no mail is set up; else it went out by mail')
const tags = ['Administration']
const nothing = z.undefined()

/** For owners and administrators. */
export const users = {
  list: oc
    .route({ method: 'GET', path: '/admin/users', summary: 'Everybody with an account, oldest first', tags })
    .output(z.object({ users: z.array(user) })),
  update: oc
    .route({ method: 'PATCH', path: '/admin/users/{userId}', summary: 'Change a role, or block somebody', tags })
    .input(z.object({ userId: id, role: role.optional(), blocked: z.boolean().optional() }))
    .output(user),
  delete: oc
    .route({
      method: 'DELETE',
      path: '/admin/users/{userId}',
      summary: 'Delete somebody’s account with all that is theirs, for good; for owners',
      tags,
    })
    .input(z.object({ userId: id }))
    .output(erasedAccount),
  resetPassword: oc
    .route({
      method: 'POST',
      path: '/admin/users/{userId}/reset-password',
      summary: 'A link to reset a password',
      tags,
      successStatus: 200,
    })
    .input(z.object({ userId: id }))
    .output(z.object({ link })),
  invitations: oc
    .route({ method: 'GET', path: '/admin/invitations', summary: 'Invitations that are open', tags })
    .output(z.object({ invitations: z.array(invitation) })),
  invite: oc
    .route({ method: 'POST', path: '/admin/invitations', summary: 'Invite somebody', tags, successStatus: 201 })
    .input(z.object({ email, role: role.default('member'), language: language.optional() }))
    .output(z.object({ invitation, link })),
  uninvite: oc
    .route({
      method: 'DELETE',
      path: '/admin/invitations/{invitationId}',
      summary: 'Take an invitation back',
      tags,
      successStatus: 204,
    })
    .input(z.object({ invitationId: id }))
    .output(nothing),
}

export type ApiUser = z.output<typeof user>
export type ApiInvitation = z.output<typeof invitation>
