import { oc } from '@orpc/contract'
import { z } from 'zod'
import type { Citation, Passage } from '../model/index.ts'
import { id, inProject } from './common.ts'
import { reason } from './problem.ts'
import { place, rectangle } from './segment.ts'

export const passage = z.object({
  chunkId: z.number().int(),
  documentId: id,
  file: z.string().describe('The document’s path'),
  text: z.string(),
  headings: z.array(z.string()).describe('Headings above it, outermost first'),
  before: z.string().nullable().describe('The passage before it in the document'),
  after: z.string().nullable(),
  score: z.number(),
  relevance: z
    .number()
    .optional()
    .describe('What the ranking model said, 0 to 1, where it had a part; these stand in its order'),
  ...place,
}) satisfies z.ZodType<Passage>

export const citation = z.object({
  documentId: id,
  chunkId: z.number().int(),
  file: z.string(),
  quote: z.string().describe('Verbatim: a sentence, whole up to 600 characters, at most 1,000'),
  cut: z.enum(['start', 'end', 'both']).optional().describe('Where the sentence goes on outside the quote'),
  cells: z
    .array(z.object({ head: z.string().describe('What its column is called; may be empty'), text: z.string() }))
    .optional()
    .describe('Of a table row whose columns have names: the quote’s cells'),
  rects: z.array(rectangle),
  ...place,
}) satisfies z.ZodType<Citation>

/** Only these documents; without it, all of the project. */
export const documentIds = z.array(id).min(1).max(1000)

/** Two addresses, one search. */
export const passagesOf = (path: string, summary: string) =>
  oc
    .route({
      method: 'POST',
      path: `/projects/{projectId}${path}`,
      summary,
      description: 'For words or a question, best first.',
      tags: ['Search'],
    })
    .input(
      z.object({
        ...inProject,
        query: z.string().describe('At most 2,000 characters'),
        documents: documentIds.optional(),
        limit: z.number().int().min(1).max(100).default(10),
      }),
    )
    .output(
      z.object({
        passages: z.array(passage),
        byWords: reason
          .optional()
          .describe('Why these were found by words alone, though other projects are searched by meaning as well'),
      }),
    )

export const search = passagesOf('/search', 'Find passages')
