/** What a pack of models says of itself. It comes from a stick that lay about: nothing in it is believed before it is checked. */
import { lstat, open, readFile, rename } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { AppError } from '../errors.ts'
import { isPlainModelName } from './file-name.ts'

export const manifestName = 'manifest.json'
export const checksumsName = 'SHA256SUMS'
/** Bytes; a thousand models have some 400 kB. */
const longest = 4 * 1024 * 1024

/** Characters of a licence or an address. */
export const longestText = 2000
const text = z.string().max(longestText).nullable()
const model = z.object({
  name: z.string().refine(isPlainModelName),
  /** Bytes. */
  size: z.number().int().min(1),
  sha256: z.string().regex(/^[\da-f]{64}$/),
  /** What its header says; kept for people. */
  role: z.enum(['chat', 'embedding', 'reranking']),
  license: text,
  source: text,
})
const schema = z.object({
  kind: z.literal('cloister-model-pack'),
  version: z.literal(1),
  models: z
    .array(model)
    .min(1)
    .max(1000)
    .refine(models => new Set(models.map(({ name }) => name.toLowerCase())).size === models.length),
})

export type PackedModel = z.output<typeof model>
export type Manifest = z.output<typeof schema>

/** Throws `pack-invalid`. */
export async function readManifest(folder: string): Promise<Manifest> {
  const found = await findManifest(folder)
  if (!found) throw new AppError('pack-invalid', { folder })
  return found
}

/** Undefined where there is none. Throws `pack-invalid` (`manifest`, `newer`) for one that cannot be read. */
export async function findManifest(folder: string): Promise<Manifest | undefined> {
  const file = path.join(folder, manifestName)
  const invalid = (cause?: unknown) => new AppError('pack-invalid', { folder, context: 'manifest' }, { cause })
  const found = await lstat(file).catch((cause: unknown) => {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw invalid(cause)
  })
  if (!found) return undefined
  if (!found.isFile() || found.size > longest) throw invalid()
  let value: unknown
  try {
    value = JSON.parse(await readFile(file, 'utf8'))
  } catch (error) {
    throw invalid(error)
  }
  const { kind, version } = z.object({ kind: z.unknown(), version: z.unknown() }).partial().safeParse(value).data ?? {}
  if (kind === 'cloister-model-pack' && typeof version === 'number' && version > 1)
    throw new AppError('pack-invalid', { folder, context: 'newer' })
  const { data, error } = schema.safeParse(value)
  if (!data) throw invalid(error)
  return data
}

/** The checksums first: a pack is one from the moment its manifest is there. */
export async function writeManifest(folder: string, manifest: Manifest): Promise<void> {
  const sums = manifest.models.map(({ name, sha256 }) => `${sha256}  ${name}\n`).join('')
  await write(path.join(folder, checksumsName), sums)
  await write(path.join(folder, manifestName), `${JSON.stringify(manifest, null, 2)}\n`)
}

async function write(file: string, content: string): Promise<void> {
  const handle = await open(`${file}.part`, 'w')
  try {
    await handle.writeFile(content)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(`${file}.part`, file)
}
