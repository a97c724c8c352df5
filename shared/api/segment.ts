import { z } from 'zod'
import type { Place, Rectangle, Segment, Span } from '../model/index.ts'

export const rectangle = z
  .tuple([z.number(), z.number(), z.number(), z.number()])
  .describe(
    'Left, top, right, bottom in points from the upper left of the page as shown',
  ) satisfies z.ZodType<Rectangle>

export const span = z
  .object({
    unit: z.enum(['line', 'paragraph', 'row', 'slide']),
    first: z.number().int(),
    last: z.number().int(),
  })
  .describe('Where there are no pages: from – to in the source’s own counting, from 1') satisfies z.ZodType<Span>

const block = z.object({
  kind: z.enum(['heading', 'paragraph', 'list-item', 'table-row', 'code', 'caption', 'footnote', 'note']),
  text: z.string(),
  level: z.number().int().optional().describe('Of a heading; 1 is the highest'),
  cells: z.array(z.number().int()).optional().describe('Of a table row: where each cell starts in `text`'),
  header: z.string().optional().describe('Of a table row: the text of its header row'),
  heads: z
    .array(z.string())
    .optional()
    .describe('Of a table row: what the column of each cell is called; empty where it has no name'),
  runs: z
    .array(z.object({ at: z.number().int(), end: z.number().int(), rect: rectangle }))
    .optional()
    .describe('Of a page: where each stretch of `text` stands'),
  columns: z.array(z.number().int()).optional().describe('Of a row of a sheet: the column of each cell, from 1'),
  span: span.optional(),
  continues: z.boolean().optional().describe('It continues the last block of the segment before'),
})

export const segment = z.object({
  number: z.number().int().describe('From 1; the page number where there are pages'),
  width: z.number().optional().describe('Points; absent where there are no pages'),
  height: z.number().optional(),
  blocks: z.array(block),
  margins: z.array(block).optional().describe('Lines at the page’s edge that may be running headers or footers'),
  problem: z
    .enum(['unreadable', 'without-text', 'broken-text'])
    .optional()
    .describe('`broken-text`: the text of the page does not say what it shows'),
  recognition: z
    .object({ confidence: z.number().nullable().describe('0 to 1; null where it failed') })
    .optional()
    .describe('Its text was recognised in its picture'),
}) satisfies z.ZodType<Segment>

/** Where a quote or passage stands. */
export const place = {
  page: z.number().int().nullable().describe('From 1; null where there are no pages'),
  where: z
    .object({
      headings: z.array(z.string()),
      segment: z.number().int(),
      span: span.nullable(),
      cells: z.string().nullable().describe('Of a quote on a sheet, such as `B7:D7`'),
    })
    .nullable()
    .describe('Where there is no page: the path of headings, the segment, and the stretch'),
}
z.object(place) satisfies z.ZodType<Place>
