import { z } from 'zod'
import type { ErrorCode, Reason } from '../model/index.ts'

/** The codes are the closed union of `model/reason.ts`; the list of them stands in the OpenAPI document. */
const code = z.string() as unknown as z.ZodType<ErrorCode, ErrorCode>
const values = z.record(z.string(), z.union([z.string(), z.number()]))

/** Why something was refused, skipped or lost: a code, and the values that its text needs. */
export const reason = z.object({ code, values: values.optional() }) satisfies z.ZodType<Reason>

export const issue = z.object({
  path: z.string().describe('Which field, as `documents[0]`; empty for the whole'),
  message: z.string(),
})

/** RFC 9457, with our code, the values of its text, and what of the input is wrong. */
export const problem = z.object({
  type: z.string().describe('`urn:cloister:problem:` and the code'),
  title: z.string().describe('The status in words'),
  status: z.number().int(),
  detail: z
    .string()
    .describe('What went wrong and what to do, in the language of `Accept-Language` (German or English)'),
  instance: z.string().describe('The request, as the log calls it'),
  code,
  values,
  issues: z.array(issue).optional(),
})

export type Problem = z.output<typeof problem>
export type Issue = z.output<typeof issue>
