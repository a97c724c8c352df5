/** A ZIP as a folder: its own text is the list of what is in it, and each file comes out as a document of its own. */
import { stat } from 'node:fs/promises'
import { AppError } from '../../errors.ts'
import type { Block, FoundFile, Reason } from '../../model/index.ts'
import { type Ending, formatOf, type Opening, type Reading, type Source } from '../formats.ts'
import { createTaker, harmlessPath } from '../found.ts'
import { segmentsOf } from '../text/segments.ts'
import { ARCHIVE_LIMITS, type Archive, type ArchiveEntry, openArchive } from './archive.ts'

// Below, a ratio says nothing (see `archive.ts`).
const harmless = 4 * 1024 ** 2

/** What operating systems leave in folders: nobody's files. */
const litter =
  /(?:^|\/)(?:__MACOSX\/|\.DS_Store$|\._[^/]*$|Thumbs\.db$|ehthumbs\.db$|desktop\.ini$|\.Spotlight-V100\/|\.Trashes\/)/i

/**
 * Throws `archive-too-large` before anything is taken out where its own directory says so; `password-protected`,
 * `password-wrong` where no file can be had; `empty-file` for one without files; `type-mismatch` for a document that is a
 * ZIP by its construction. Should the directory lie, what was taken out before the limit was reached stays, the rest is
 * named with the reason.
 */
export async function openFolder(file: string, opening: Opening): Promise<Source> {
  const { password, note } = opening
  const archive = await openArchive(file, { ...(password !== undefined && { password }) })
  try {
    const { size } = await stat(file)
    const actual = documentIn(archive)
    if (actual !== undefined) throw new AppError('type-mismatch', { type: 'application/zip', actual })
    const entries = archive.entries.filter(entry => !litter.test(entry.name))
    const left = archive.entries.length - entries.length
    if (left > 0) note(`left out ${left} files that operating systems leave in folders`)
    if (entries.length === 0) throw new AppError('empty-file')
    demandSize(entries.filter(isWanted), size)
    await demandKey(archive, entries, password)
    return {
      segments: null,
      read: (after, _state, filesAfter) => read(archive, entries, opening, after, filesAfter),
      close: () => archive.close(),
    }
  } catch (error) {
    await archive.close()
    throw error
  }
}

async function* read(
  archive: Archive,
  entries: readonly ArchiveEntry[],
  { limits, password, scratch }: Opening,
  after: number,
  filesAfter: number | undefined,
): AsyncGenerator<Reading | FoundFile, Ending> {
  const { cut } = yield* segmentsOf(listing(entries), after, limits.characters)
  const taker = createTaker({ after: filesAfter, scratch })
  /** Once the limit is reached it is so for all that follow. */
  let full: Reason | undefined
  for (const entry of entries) {
    const reason = full ?? refusal(entry, password)
    const bytes = () => unlocked(archive, entry, password)
    const found = await taker.take({ path: entry.name, bytes, ...(reason && { reason }) })
    if (found?.reason?.code === 'archive-too-large') full = found.reason
    if (found) yield found
  }
  const reasons: Reason[] = []
  if (archive.damaged || taker.damaged) reasons.push({ code: 'partly-damaged' })
  if (full) reasons.push(full)
  return { cut, reasons }
}

/** The files' paths, each a line of its own. */
async function* listing(entries: readonly ArchiveEntry[]): AsyncGenerator<Block> {
  let number = 0
  for (const entry of entries) {
    const text = harmlessPath(entry.name)
    if (text === '') continue
    number += 1
    yield { kind: 'list-item', text, span: { unit: 'paragraph', first: number, last: number } }
  }
}

/** Only these are unpacked: a folder of films with a contract in it is no bomb. */
function isWanted(entry: ArchiveEntry): boolean {
  return !entry.link && formatOf(harmlessPath(entry.name)) !== undefined
}

function refusal(entry: ArchiveEntry, password: string | undefined): Reason | undefined {
  if (entry.link) return { code: 'symbolic-link' }
  if (entry.encrypted && password === undefined) return { code: 'password-protected' }
  return undefined
}

/** By what the directory says; whoever lies there is caught while unpacking. */
function demandSize(entries: readonly ArchiveEntry[], packed: number): void {
  const total = entries.reduce((sum, entry) => sum + entry.size, 0)
  const { bytes, ratio } = ARCHIVE_LIMITS
  if (total > bytes) throw new AppError('archive-too-large', { what: 'bytes', limit: Math.round(bytes / 1024 ** 2) })
  if (total > harmless && total > ratio * packed)
    throw new AppError('archive-too-large', { what: 'ratio', limit: ratio })
}

/** Where all is encrypted, the key is tried on the smallest file before anything is said to be there. */
async function demandKey(archive: Archive, entries: readonly ArchiveEntry[], password: string | undefined) {
  const locked = entries.filter(entry => entry.encrypted)
  if (locked.length === 0) return
  if (password === undefined) {
    if (locked.length === entries.length) throw new AppError('password-protected')
    return
  }
  const [smallest] = [...locked].sort((a, b) => a.size - b.size)
  for await (const _ of unlocked(archive, smallest!, password)) break
}

async function* unlocked(archive: Archive, entry: ArchiveEntry, password: string | undefined) {
  try {
    yield* archive.stream(entry)
  } catch (error) {
    const known = error instanceof AppError ? error.code : undefined
    if (known === 'password-protected' && password !== undefined) {
      throw new AppError('password-wrong', {}, { cause: error })
    }
    throw error
  }
}

/** The ending a file should have that is a ZIP only by its construction. */
function documentIn(archive: Archive): string | undefined {
  const has = (name: string) => archive.find(name) !== undefined
  if (has('[Content_Types].xml')) {
    if (has('word/document.xml')) return 'docx'
    if (has('xl/workbook.xml')) return 'xlsx'
    if (has('ppt/presentation.xml')) return 'pptx'
  }
  if (!has('mimetype')) return undefined
  if (has('META-INF/container.xml')) return 'epub'
  if (has('META-INF/manifest.xml') && has('content.xml')) return 'odt'
  return undefined
}
