import { eventIterator, oc } from '@orpc/contract'
import { z } from 'zod'
import type { Generated, GenerateEvent } from '../model/index.ts'
import { answeringServer } from './answer.ts'
import { temperature } from './common.ts'
import { reason } from './problem.ts'

const tokens = z.number().int().nullable().describe('Tokens; null where the model does not tell')

export const generated = z.object({
  text: z.string(),
  model: z.string().describe('The model’s name'),
  server: answeringServer.optional(),
  reason: reason.nullable().describe('Why it is not the one that was asked for'),
  finish: z.enum(['stop', 'length', 'other']).describe('`length`: it was cut at the limit of its tokens'),
  usage: z.object({ prompt: tokens, generated: tokens }),
}) satisfies z.ZodType<Generated>

export const generateEvent = z.discriminatedUnion('type', [
  z.object({ type: z.literal('waiting'), place: z.number().int().describe('So many come first at the model') }),
  z.object({ type: z.literal('text'), text: z.string().describe('What comes next') }),
  z.object({ type: z.literal('reset') }).describe('All text so far was the model’s thinking: leave it out'),
  z.object({ type: z.literal('finish'), generated }),
]) satisfies z.ZodType<GenerateEvent>

const request = z.object({
  prompt: z.string().max(200_000).describe('At most 200,000 characters, and no more than the model can read'),
  model: z
    .string()
    .max(200)
    .optional()
    .describe('A file’s name, or `slug/model` of a provider; without it, the one in use'),
  temperature: temperature.optional().describe('Without it, as the server is set'),
  maxTokens: z.number().int().min(1).optional().describe('At most so many; never more than `LLM_MAX_TOKENS`'),
})
const tags = ['Models']
const turns =
  'No document is read, and nothing is kept. Questions and prompts take turns at the model; whoever goes away gives up his turn, and stops what is being written for him. Without a chat model: 409, `no-model`.'

export const generate = {
  text: oc
    .route({ method: 'POST', path: '/generate', summary: 'Let a model write', description: turns, tags })
    .input(request)
    .output(generated),
  stream: oc
    .route({
      method: 'POST',
      path: '/generate/stream',
      summary: 'Let a model write, and read along',
      description: `A stream of server-sent events, the last of which is \`finish\`. ${turns}`,
      tags,
    })
    .input(request)
    .output(eventIterator(generateEvent)),
}

export type ApiGenerated = z.output<typeof generated>
