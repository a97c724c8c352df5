import { oc } from '@orpc/contract'
import { z } from 'zod'
import { id, inProject, time } from './common.ts'

const settable = {
  name: z.string().max(200),
  instructions: z.string().max(8000).describe('What it is told before every question; plain text'),
  language: z.enum(['de', 'en']).nullable().describe('Answers in this language; null: in the question’s'),
  model: z
    .string()
    .max(200)
    .nullable()
    .describe('Of a chat model: a file’s name, or `slug/model`; null: the one in use'),
  temperature: z.number().min(0).max(2).nullable().describe('Null: as the server is set'),
  documents: z
    .array(id)
    .min(1)
    .max(1000)
    .nullable()
    .describe('Answers from these documents alone; null: from all of the project'),
}

export const assistant = z.object({ id, projectId: id, ...settable, createdAt: time })

const one = z.object({ ...inProject, assistantId: id })
const base = '/projects/{projectId}/assistants'
const tags = ['Assistants']

export const assistants = {
  list: oc
    .route({ method: 'GET', path: base, summary: 'Assistants of a project, oldest first', tags })
    .input(z.object(inProject))
    .output(z.object({ assistants: z.array(assistant) })),
  create: oc
    .route({ method: 'POST', path: base, summary: 'Create an assistant', tags, successStatus: 201 })
    .input(
      z.object({
        ...inProject,
        name: settable.name,
        instructions: settable.instructions.default(''),
        language: settable.language.default(null),
        model: settable.model.default(null),
        temperature: settable.temperature.default(null),
        documents: settable.documents.default(null),
      }),
    )
    .output(assistant),
  get: oc
    .route({ method: 'GET', path: `${base}/{assistantId}`, summary: 'One assistant', tags })
    .input(one)
    .output(assistant),
  update: oc
    .route({ method: 'PATCH', path: `${base}/{assistantId}`, summary: 'Change an assistant', tags })
    .input(one.extend(z.object(settable).partial().shape))
    .output(assistant),
  delete: oc
    .route({
      method: 'DELETE',
      path: `${base}/{assistantId}`,
      summary: 'Delete an assistant',
      description: 'Its chats stay, and go on without it.',
      tags,
      successStatus: 204,
    })
    .input(one)
    .output(z.undefined()),
}

export type ApiAssistant = z.output<typeof assistant>
