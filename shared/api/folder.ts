import { oc } from '@orpc/contract'
import { z } from 'zod'
import { id, inProject, next, paging, time } from './common.ts'
import { reason } from './problem.ts'

/** Lines as in a `.gitignore`. */
const ignore = z
  .array(
    z
      .string()
      .max(500)
      .regex(/^[^\r\n]*$/),
  )
  .max(200)
  .describe(
    'What is left out, as lines of a `.gitignore`, beside hidden files and what programs leave while they write',
  )

const folder = z.object({
  id,
  projectId: id,
  path: z.string().describe('Where it lies on the machine of the server, without links'),
  ignore,
  createdAt: time,
  state: z
    .enum(['looking', 'following', 'asking', 'paused', 'leaving', 'resting'])
    .describe(
      '`looking`: it is compared with what is known; `following`: up to date; `asking`: the same, but for files that are `missing`; `paused`: it cannot be looked at, and goes on by itself when it can; `leaving`: its documents go to the trash; `resting`: nothing here follows folders',
    ),
  reason: reason.nullable().describe('Why it is paused, or why changes are found late'),
  files: z.number().int().describe('Files that are documents'),
  problems: z.number().int().describe('Files that are not, though they should be'),
  missing: z
    .object({
      files: z.number().int(),
      known: z.number().int().describe('Files that are known, with those'),
      since: time,
      until: time.describe('When the last of them went'),
      asks: z.boolean().describe('Nobody has said so far what is to become of their documents'),
    })
    .nullable()
    .describe(
      'Files that went, too many at once for their documents to go to the trash unasked; they stay, and when the files are back it goes on by itself',
    ),
  unsupported: z.number().int().nullable().describe('Files of types that are not read; null: not counted so far'),
})

const base = '/projects/{projectId}/folders'
const one = z.object({ ...inProject, folderId: id })
const tags = ['Folders']

export const folders = {
  list: oc
    .route({ method: 'GET', path: base, summary: 'The folders that a project follows, oldest first', tags })
    .input(z.object(inProject))
    .output(
      z.object({
        available: z.boolean().describe('Whether folders can be followed here: on a machine of one’s own alone'),
        folders: z.array(folder),
      }),
    ),
  follow: oc
    .route({
      method: 'POST',
      path: base,
      summary: 'Follow a folder of the machine of the server',
      description:
        'Its files become documents, with all folders in it; what is added, changed, renamed or removed there is so in the project within seconds. Documents of removed files go to the trash; where most of a folder goes at once, they wait for a word (`missing`). A folder that is out of reach is waited for, and nothing of it is removed.',
      tags,
      successStatus: 201,
    })
    .input(z.object({ ...inProject, path: z.string().min(1).max(4000), ignore: ignore.default([]) }))
    .output(folder),
  update: oc
    .route({
      method: 'PATCH',
      path: `${base}/{folderId}`,
      summary: 'Change what is left out of a folder',
      description: 'Documents of files that are left out from now on go to the trash.',
      tags,
    })
    .input(one.extend({ ignore }))
    .output(folder),
  problems: oc
    .route({
      method: 'GET',
      path: `${base}/{folderId}/problems`,
      summary: 'Files that are no documents, though they should be, and why',
      tags,
    })
    .input(one.extend(paging))
    .output(z.object({ problems: z.array(z.object({ path: z.string(), reason })), next })),
  missing: oc
    .route({
      method: 'POST',
      path: `${base}/{folderId}/missing`,
      summary: 'Say what is to become of documents whose files are missing',
      description:
        'They go on waiting for their files (`keep`), or go to the trash (`trash`), which takes a while for many: those whose files are still missing then. What went after the numbers in `shown` nobody was asked about: then nothing goes, and the answer (`missing-more`) tells how many are missing.',
      tags,
    })
    .input(
      one.extend({
        documents: z.enum(['keep', 'trash']),
        shown: z
          .object({ files: z.number().int().min(0), until: time })
          .default({ files: 0, until: 0 })
          .describe('What `missing` said when it was decided; needed to let documents go'),
      }),
    )
    .output(folder),
  unfollow: oc
    .route({
      method: 'POST',
      path: `${base}/{folderId}/unfollow`,
      summary: 'Follow a folder no more',
      description:
        'Its documents stay, or go to the trash, which takes a while for many. The folder itself is not touched.',
      tags,
    })
    .input(one.extend({ documents: z.enum(['keep', 'trash']) }))
    .output(z.object({})),
}

export type ApiFolder = z.output<typeof folder>
