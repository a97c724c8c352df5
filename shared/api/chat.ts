import { oc } from '@orpc/contract'
import { z } from 'zod'
import { answeringServer, answerMode, answerSentence } from './answer.ts'
import { id, inProject, next, paging, time } from './common.ts'
import { reason } from './problem.ts'
import { citation, passage } from './search.ts'

const reference = z
  .string()
  .max(200)
  .nullable()
  .describe('The model that answers here: a file’s name, or `slug/model`; null: the assistant’s, or the project’s')

export const chat = z.object({
  id,
  projectId: id,
  title: z.string(),
  assistantId: id.nullable(),
  model: reference,
  createdAt: time,
  deletedAt: time.nullable(),
})

export const message = z.object({
  id,
  chatId: id,
  role: z.enum(['user', 'assistant']),
  text: z.string(),
  answer: z
    .object({
      mode: answerMode,
      sentences: z.array(answerSentence),
      citations: z.array(citation),
      model: z.string().nullable(),
      server: answeringServer.optional(),
      cached: z.literal(true).optional(),
      reason: reason.nullable(),
    })
    .nullable()
    .describe('The assistant’s: how it was answered and with which citations'),
  completed: z
    .string()
    .nullable()
    .describe('The user’s: the question as it was searched for, where it referred back to an earlier one'),
  passages: z.number().int().describe('The assistant’s: how many passages were shown with it'),
  createdAt: time,
})

export const answering = z
  .object({
    answerId: id.describe('To follow or stop it with'),
    question: z.string(),
    questionId: id.nullable().describe('Of a question that is answered anew'),
  })
  .describe('An answer that is being given, or waits for its turn')

const one = z.object({ ...inProject, chatId: id })
const base = '/projects/{projectId}/chats'
const tags = ['Chats']

export const chats = {
  list: oc
    .route({ method: 'GET', path: base, summary: 'Chats, newest first', tags })
    .input(z.object({ ...inProject, ...paging }))
    .output(z.object({ chats: z.array(chat), next, total: z.number().int() })),
  create: oc
    .route({ method: 'POST', path: base, summary: 'Begin a chat', tags, successStatus: 201 })
    .input(
      z.object({
        ...inProject,
        title: z.string().min(1).max(200),
        assistantId: id.nullable().default(null),
        model: reference.default(null),
      }),
    )
    .output(chat),
  get: oc
    .route({ method: 'GET', path: `${base}/{chatId}`, summary: 'A chat with its messages, oldest first', tags })
    .input(one)
    .output(z.object({ chat, messages: z.array(message), answering: z.array(answering) })),
  passages: oc
    .route({
      method: 'GET',
      path: `${base}/{chatId}/messages/{messageId}/passages`,
      summary: 'Passages that were shown with an answer',
      description: 'As their documents have them now, in the order in which they were shown.',
      tags,
    })
    .input(one.extend({ messageId: id }))
    .output(
      z.object({
        passages: z.array(passage),
        missing: z.number().int().describe('Passages whose document was deleted, or is being read anew'),
      }),
    ),
  update: oc
    .route({
      method: 'PATCH',
      path: `${base}/{chatId}`,
      summary: 'Rename a chat, or change its assistant or its model',
      tags,
    })
    .input(
      one.extend({
        title: z.string().min(1).max(200).optional(),
        assistantId: id.nullable().optional(),
        model: reference.optional(),
      }),
    )
    .output(chat),
  delete: oc
    .route({
      method: 'DELETE',
      path: `${base}/{chatId}`,
      summary: 'Delete a chat',
      description: '`undo` brings it back.',
      tags,
    })
    .input(one)
    .output(chat),
  undo: oc
    .route({ method: 'POST', path: `${base}/{chatId}/undo`, summary: 'Bring a deleted chat back', tags })
    .input(one)
    .output(chat),
}

export type ApiChat = z.output<typeof chat>
export type ApiMessage = z.output<typeof message>
export type Answering = z.output<typeof answering>
