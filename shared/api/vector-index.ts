/** What finds passages by their meaning: which model made it, and the one that is being made beside it. */
import { oc } from '@orpc/contract'
import { z } from 'zod'
import { inProject } from './common.ts'
import { reason } from './problem.ts'

export const vectorIndex = z.object({
  model: z.string().describe('The embedding model it was made with'),
  file: z
    .string()
    .nullable()
    .describe('The name of its file among the models; null where it is not there, or runs at a provider'),
  share: z.number().min(0).max(1).describe('Of the project’s passages that are in it; may be seconds old'),
})

export const vectorIndexes = {
  get: oc
    .route({
      method: 'GET',
      path: '/projects/{projectId}/index',
      summary: 'What finds passages by their meaning, and what is built beside it',
      description:
        'After a change of the embedding model a second index is built beside the one that is searched, and takes its place when the documents of all projects are in it. Using the model of the first again ends that.',
      tags: ['Models'],
    })
    .input(z.object(inProject))
    .output(
      z.object({
        searched: vectorIndex.nullable().describe('Null where none was ever made'),
        building: vectorIndex.nullable(),
        trouble: reason.nullable().describe('Why no vectors are made, while there should be'),
      }),
    ),
}

export type ApiVectorIndex = z.output<typeof vectorIndex>
