/** What is known of a download, beside its bytes: enough for another process to go on with it. */
import { randomUUID } from 'node:crypto'
import { open, readdir, readFile, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import type { ErrorCode, Reason } from '../model/index.ts'
import { isPlainModelName } from './file-name.ts'

const sha256 = z.string().regex(/^[\da-f]{64}$/)
const size = z.number().int().min(0)
const code = z.string() as unknown as z.ZodType<ErrorCode>
const reason = z.object({ code, values: z.record(z.string(), z.union([z.string(), z.number()])).optional() })

const schema = z.object({
  version: z.literal(1),
  /** What it is to be called. */
  name: z.string().refine(isPlainModelName),
  sources: z.array(z.object({ url: z.url(), trust: z.enum(['operator', 'content']) })).min(1),
  /** What whoever asked for it knows of it, or was learned when it was fetched for the first time: nothing else is taken. */
  wanted: z.object({ sha256: sha256.nullable(), size: size.nullable() }),
  /** What its checksum is remembered by, for the next time. */
  pin: z.string().nullable(),
  /** What a hub said of the file. It holds for all sources. */
  linked: z.object({ url: z.url(), sha256, size: size.nullable() }).nullable(),
  /** Whose bytes they are, and what was said of them there. */
  said: z.object({ url: z.url(), size: size.nullable(), etag: z.string().nullable() }).nullable(),
  /** Bytes of it that would survive a loss of power. */
  durable: size,
  /** `active` also after its process was killed. */
  state: z.enum(['active', 'paused', 'failed']),
  reason: reason.nullable() as z.ZodType<Reason | null>,
})

export type DownloadState = z.output<typeof schema>

/** Bytes of the whole file, as far as that is known. */
export function sizeOf({ wanted, linked, said }: DownloadState): number | null {
  return wanted.size ?? linked?.size ?? said?.size ?? null
}

export interface DownloadFiles {
  part: string
  state: string
  lock: string
}

/** In the folder of the models. */
export const downloadsName = 'downloads'
const stateEnding = '.json'

/** Undefined where there is none, or nothing that we wrote. */
export async function readState(file: string): Promise<DownloadState | undefined> {
  const text = await readFile(file, 'utf8').catch(() => '')
  try {
    return schema.parse(JSON.parse(text))
  } catch {
    return undefined
  }
}

/** There is always a whole one: the one before, or this one, which is durable when it resolves. */
export async function writeState(file: string, state: DownloadState): Promise<void> {
  const next = `${file}.${randomUUID()}.new`
  const handle = await open(next, 'w', 0o600)
  try {
    await handle.writeFile(JSON.stringify(state))
    await handle.datasync()
  } finally {
    await handle.close()
  }
  await rename(next, file)
}

/** Of all downloads in a folder that have not ended, by name. */
export async function readStates(folder: string): Promise<DownloadState[]> {
  const names = await readdir(folder).catch(() => [] as string[])
  const found = names.filter(name => name.endsWith(stateEnding)).map(name => readState(path.join(folder, name)))
  return (await Promise.all(found)).filter(state => state !== undefined).sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** The bytes first: without a state nobody would know whose they are. */
export async function removeDownload({ part, state }: DownloadFiles): Promise<void> {
  await rm(part, { force: true })
  await rm(state, { force: true })
  // Of a process that was killed while it wrote.
  const folder = path.dirname(state)
  const left = (await readdir(folder)).filter(name => name.startsWith(`${path.basename(state)}.`))
  for (const name of left) await rm(path.join(folder, name), { force: true })
}
