import { oc } from '@orpc/contract'
import { z } from 'zod'
import { id, time } from './common.ts'

export const own = {
  export: oc
    .route({
      method: 'GET',
      path: '/export',
      summary: 'Everything that is one’s own, as a ZIP archive',
      description:
        'A folder for each project with originals, texts, chats (JSONL and HTML) and assistants; of projects of others, one’s own chats alone. No keys and no passwords. Whole when `manifest.json` is in it.',
      tags: ['Accounts'],
    })
    .output(z.file()),
  leftChats: oc
    .route({
      method: 'GET',
      path: '/left-chats',
      summary: 'One’s own chats in projects that one has no part in any more',
      description: 'Newest first. They are in the export, and go after their time like all others.',
      tags: ['Accounts'],
    })
    .output(z.object({ chats: z.array(z.object({ id, title: z.string(), createdAt: time })) })),
  deleteLeftChat: oc
    .route({
      method: 'DELETE',
      path: '/left-chats/{chatId}',
      summary: 'Delete one of them, for good',
      tags: ['Accounts'],
      successStatus: 204,
    })
    .input(z.object({ chatId: id }))
    .output(z.undefined()),
}
