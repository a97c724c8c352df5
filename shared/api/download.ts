import { oc } from '@orpc/contract'
import { z } from 'zod'
import type { Download } from '../model/index.ts'
import { reason } from './problem.ts'

const name = z.string().min(1).max(255)
const tags = ['Models']

export const download = z.object({
  name: name.describe('What the file will be called; what the other calls take'),
  state: z
    .enum(['queued', 'active', 'waiting', 'checking', 'paused', 'failed', 'done'])
    .describe(
      '`waiting`: no source answers, it is tried again by itself. `failed`: given up; `resume` tries again. `done`: the model is there',
    ),
  host: z.string().nullable().describe('Where it comes from'),
  received: z.number().int().min(0).describe('Bytes that are there'),
  size: z.number().int().nullable().describe('Bytes of the whole, where that is known'),
  rate: z.number().nullable().describe('Bytes per second'),
  secondsLeft: z.number().int().nullable(),
  reason: reason.nullable().describe('Why it waits, or failed'),
}) satisfies z.ZodType<Download>

export const downloads = {
  list: oc
    .route({
      method: 'GET',
      path: '/downloads',
      summary: 'Models that are being fetched, or would be had nobody stopped it',
      description: 'How they get on is told by `/events`. One that ends well is a model and no download any more.',
      tags,
    })
    .output(z.object({ downloads: z.array(download) })),
  start: oc
    .route({
      method: 'POST',
      path: '/downloads',
      summary: 'Fetch a model',
      description:
        'One that was begun before goes on. Nothing becomes a model here that is not, byte for byte, the file that was asked for.',
      tags,
      successStatus: 202,
    })
    .input(
      z.object({
        source: z
          .string()
          .min(1)
          .max(4000)
          .describe('The name of a model of the catalog, or the address of a GGUF file'),
        sha256: z
          .string()
          .regex(/^[\da-fA-F]{64}$/)
          .transform(text => text.toLowerCase())
          .optional()
          .describe('What its bytes must have; otherwise what its source says'),
        name: name.optional().describe('What the file is to be called; otherwise as at its address'),
      }),
    )
    .output(download),
  pause: oc
    .route({ method: 'POST', path: '/downloads/{name}/pause', summary: 'Stop fetching; what is there stays', tags })
    .input(z.object({ name }))
    .output(download),
  resume: oc
    .route({ method: 'POST', path: '/downloads/{name}/resume', summary: 'Go on fetching', tags })
    .input(z.object({ name }))
    .output(download),
  cancel: oc
    .route({
      method: 'DELETE',
      path: '/downloads/{name}',
      summary: 'Fetch it no more; what is there goes',
      tags,
      successStatus: 204,
    })
    .input(z.object({ name }))
    .output(z.undefined()),
}

export type ApiDownload = z.output<typeof download>
