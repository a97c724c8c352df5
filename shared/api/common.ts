import { z } from 'zod'

/** What every noun of the contract is made of. Times are milliseconds since 1970, UTC, everywhere. */
export const id = z.uuid()
export const time = z.number().int().min(0).describe('Milliseconds since 1970, UTC')
export const language = z.enum(['de', 'en', 'other'])
/** How freely a model writes. */
export const temperature = z.number().min(0).max(2)
/** What an answer is made from. */
export const passageCount = z.number().int().min(1).max(50)

/** A page of a list: `next` of one answer is `after` of the next request; null at the end. */
export const paging = {
  limit: z.coerce.number<number>().int().min(1).max(200).default(50),
  after: z.string().max(4000).optional().describe('The `next` of the page before, in the same order'),
}
export const next = z
  .string()
  .nullable()
  .describe('Goes as it is, as `after`, into the request for the next page; null at the end')

export const inProject = { projectId: id }
