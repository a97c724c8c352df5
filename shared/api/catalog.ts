/** Models that can be had by name, and what this machine can do with each. */
import { oc } from '@orpc/contract'
import { z } from 'zod'
import { modelRole } from './model.ts'
import { reason } from './problem.ts'

const count = z.number().int().min(0)
const bytes = count.describe('Bytes')

export const modelFit = z.object({
  fits: z
    .enum(['well', 'tight', 'no'])
    .describe(
      '`tight`: little memory is left beside it, or it can keep less in mind than wished. `no`: it is not loaded',
    ),
  need: bytes.describe('Bytes of memory it takes while it is loaded'),
  free: bytes.describe('Bytes that are there for it now, beside the models of other roles'),
  contextSize: count.describe('Tokens it can keep in mind here: what is wished, or the most that fits'),
  threads: count,
  tokensPerSecond: z
    .number()
    .nullable()
    .describe('Of an answer; an estimate. Null where it writes none or nobody can tell'),
  reason: reason.nullable().describe('Why it does not fit'),
  smaller: z.string().nullable().describe('Where it does not fit: the next smaller one of the catalog that does'),
})

export const offer = z.object({
  id: z.string().describe('What `POST /downloads` takes as `source`'),
  name: z.string(),
  role: modelRole,
  goodFor: z.object({ en: z.string(), de: z.string() }).describe('In plain words'),
  languages: z.object({ count: count.nullable(), named: z.array(z.string()) }).describe('How many, and some of them'),
  licence: z.string().describe('As SPDX names it'),
  quantization: z.string(),
  parameters: count.describe('Weights, as a count'),
  contextSize: count.describe('Tokens it was made for'),
  dimensions: count.nullable().describe('Of its vectors'),
  machine: count.describe('GiB of memory of the machines it is meant for'),
  size: bytes.nullable().describe('Bytes of its file; null where they are learned with the download'),
  file: z.string().describe('What it is called once it is here, and what its download is called'),
  host: z.string().describe('Where it comes from'),
  default: z.boolean().describe('The one to begin with, whatever the machine'),
  recommended: z.boolean().describe('The best of its role for this machine; at most one of a role'),
  installed: z.string().nullable().describe('The name of its file among the models, where it is there'),
  inUse: z.boolean(),
  fit: modelFit.nullable().describe('Null where nobody can tell'),
})

export const machine = z.object({
  memory: bytes.describe('Bytes this machine has, or the container may use'),
  free: bytes.describe('Bytes models may take now'),
  cores: count,
  loaded: z.array(z.string()).describe('Model files that the server has in memory now'),
})

export const catalog = {
  list: oc
    .route({
      method: 'GET',
      path: '/models/catalog',
      summary: 'Models that can be had by name, and how they fit this machine',
      description: 'Those of a role stand in the order in which they are to be offered, the smallest first.',
      tags: ['Models'],
    })
    .output(z.object({ machine, models: z.array(offer) })),
}

export type ApiOffer = z.output<typeof offer>
export type ApiModelFit = z.output<typeof modelFit>
export type ApiMachine = z.output<typeof machine>
