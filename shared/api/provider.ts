import { oc } from '@orpc/contract'
import { z } from 'zod'
import type { Provider, ServerModel } from '../model/index.ts'
import { time } from './common.ts'
import { reason } from './problem.ts'

export const serverModel = z.object({
  id: z.string().describe('As the server calls it; its reference is `slug/id`'),
  role: z.enum(['chat', 'embedding']),
  contextSize: z.number().int().nullable().describe('Tokens; null where nobody said so'),
  here: z.boolean().describe('It runs on this machine: no text leaves. Not every model of a server here does'),
}) satisfies z.ZodType<ServerModel>

const slug = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,31}$/)
  .describe('What references to its models begin with')
const kind = z
  .enum(['openai-compatible', 'anthropic', 'xai'])
  .describe('`openai-compatible`: Ollama, llama-server, vLLM, LM Studio, OpenAI and others')
const name = z.string().max(100)
const baseUrl = z.string().max(2000)
const key = z.string().max(4000).describe('Kept sealed, and never shown again')

export const provider = z.object({
  slug,
  kind,
  name,
  baseUrl,
  source: z.enum(['user', 'environment']).describe('`environment`: the operator’s; it cannot be changed here'),
  here: z.boolean().describe('Its address is one of this machine: no text leaves, but for models that are not `here`'),
  key: z.enum(['none', 'set', 'lost']).describe('`lost`: there was one, and it must be entered again'),
  keyHint: z.string().nullable().describe('The last four signs of the key'),
  enabled: z.boolean(),
  models: z.array(serverModel).describe('As it said when it was asked last'),
  listedAt: time.nullable().describe('When that was; null: never'),
}) satisfies z.ZodType<Provider>

const one = z.object({ slug })
const base = '/providers'
const tags = ['Providers']
const leaves =
  'Texts that a model of another machine works on leave this one: questions, passages, and with an embedding model all documents of the projects that allow it.'

export const providers = {
  list: oc
    .route({ method: 'GET', path: base, summary: 'Servers with models', tags })
    .output(z.object({ providers: z.array(provider) })),
  add: oc
    .route({
      method: 'POST',
      path: base,
      summary: 'Add a server with models',
      description: `It is asked at once which models it has; where it does not answer within a second, it is added all the same. ${leaves}`,
      tags,
      successStatus: 201,
    })
    .input(
      z.object({
        kind,
        name: name.optional().describe('Without it, its kind and host'),
        slug: slug.optional().describe('Without it, made from the name'),
        baseUrl: baseUrl.optional().describe('Needed for `openai-compatible`: its address, with or without `/v1`'),
        key: key.optional(),
      }),
    )
    .output(provider),
  update: oc
    .route({ method: 'PATCH', path: `${base}/{slug}`, summary: 'Change a server with models', tags })
    .input(
      one.extend({
        name: name.optional(),
        baseUrl: baseUrl
          .optional()
          .describe('Of another host than before: without a new key, the old one is forgotten'),
        key: key.nullable().optional().describe('Null: none any more'),
        enabled: z.boolean().optional(),
      }),
    )
    .output(
      provider.extend({
        unlisted: z
          .array(z.string())
          .describe('Names of the projects whose lists it was taken out of: it was on this machine, and is no more'),
      }),
    ),
  remove: oc
    .route({
      method: 'DELETE',
      path: `${base}/{slug}`,
      summary: 'Remove a server with models, and its key',
      tags,
      successStatus: 204,
    })
    .input(one)
    .output(z.undefined()),
  test: oc
    .route({
      method: 'POST',
      path: `${base}/{slug}/test`,
      summary: 'Ask a server which models it has',
      description: 'What it says is kept. A server that cannot be used is no error of this call: `problem` says why.',
      tags,
    })
    .input(one)
    .output(
      z.object({
        provider,
        milliseconds: z.number().int(),
        problem: reason.nullable(),
      }),
    ),
}

export type ApiProvider = z.output<typeof provider>
