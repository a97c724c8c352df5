import { oc } from '@orpc/contract'
import { z } from 'zod'

export const session = z.object({
  version: z.string(),
  maxFileSize: z.number().int().describe('Bytes'),
  maxFiles: z.number().int().nullable().describe('Documents a user may keep; null: no limit'),
  keeps: z
    .object({ chats: z.number().int().nullable(), trash: z.number().int() })
    .describe('Days that chats, and what was deleted, are kept at most; null: for ever'),
  extensions: z.array(z.string()).describe('Endings of file names that can be read, without the dot'),
})

const tags = ['Session']

export const sessions = {
  open: oc
    .route({
      method: 'POST',
      path: '/session',
      summary: 'Exchange the token of the printed address for a cookie',
      description: 'The address carries the token behind its `#`, so that it never travels in a URL.',
      tags,
      successStatus: 200,
    })
    .input(z.object({ token: z.string().max(1000) }))
    .output(session),
  get: oc
    .route({
      method: 'GET',
      path: '/session',
      summary: 'Whether the caller is known, and what the server can do',
      tags,
    })
    .output(session),
  close: oc
    .route({ method: 'DELETE', path: '/session', summary: 'Forget the cookie', tags, successStatus: 204 })
    .output(z.undefined()),
}

export type Session = z.output<typeof session>
