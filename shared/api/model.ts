import { oc } from '@orpc/contract'
import { z } from 'zod'
import { id } from './common.ts'
import { reason } from './problem.ts'
import { serverModel } from './provider.ts'

export const modelRole = z.enum(['chat', 'embedding', 'reranking'])

export const model = z.object({
  name: z.string().describe('The file’s name; what the other calls take'),
  role: modelRole.nullable().describe('Null when the file cannot be read'),
  size: z.number().int().describe('Bytes'),
  parameters: z.number().nullable().describe('Weights, as a count'),
  contextSize: z.number().int().nullable().describe('Tokens it was made for'),
  inUse: z.boolean(),
  source: z.enum(['folder', 'setting']).describe('`setting`: named by the environment, and not to be removed here'),
  problem: reason.nullable().describe('Why it cannot be used'),
})

/** A model of a provider. */
export const served = serverModel.extend({
  reference: z.string().describe('`slug/id`: what the other calls take'),
  provider: z.object({ slug: z.string(), name: z.string(), here: z.boolean().describe('It is on this machine') }),
  inUse: z.boolean().describe('It is the installation’s own choice for its role'),
  problem: reason.nullable().describe('Why it cannot be used, in this project or at all'),
})

const name = z.string().min(1).max(255)
const tags = ['Models']

export const models = {
  list: oc
    .route({
      method: 'GET',
      path: '/models',
      summary: 'Model files, which of them is used, and models of providers',
      description: 'Without one for `chat`, answers are quotes.',
      tags,
    })
    .input(z.object({ projectId: id.optional().describe('Tells of `served` what this project allows') }))
    .output(z.object({ models: z.array(model), served: z.array(served) })),
  add: oc
    .route({
      method: 'POST',
      path: '/models',
      summary: 'Add a model file',
      description: 'A GGUF file as `multipart/form-data`, streamed to the disk and checked before it is used.',
      tags,
      successStatus: 201,
    })
    .input(z.object({ file: z.file() }))
    .output(model),
  verify: oc
    .route({
      method: 'POST',
      path: '/models/{name}/verify',
      summary: 'Read a model whole and compare it with its checksum',
      tags,
    })
    .input(z.object({ name }))
    .output(
      z.object({
        name,
        sha256: z.string(),
        state: z.enum(['sound', 'pinned', 'changed']).describe('`pinned`: no checksum was known; it is now'),
      }),
    ),
  use: oc
    .route({
      method: 'POST',
      path: '/models/{name}/use',
      summary: 'Use this model before others of its role',
      description:
        'Of several in the folder the newest is used: the file’s time becomes the present. One named by the environment still goes first.',
      tags,
    })
    .input(z.object({ name }))
    .output(model),
  remove: oc
    .route({ method: 'DELETE', path: '/models/{name}', summary: 'Remove a model file', tags, successStatus: 204 })
    .input(z.object({ name }))
    .output(z.undefined()),
}

export type ServedModel = z.output<typeof served>
export type ApiModel = z.output<typeof model>
