import type { Blobs, Database } from '../shared/ports.ts'
import { readStoredFiles } from '../shared/store/facts.ts'
import type { Finding } from './commands/doctor.ts'
import type { Context } from './context.ts'
import { safe } from './text.ts'

/** Documents whose missing bytes are named one by one. */
const mostNamed = 20
/** Milliseconds after which bytes that no document refers to are no longer those of one that is just being added. */
const settled = 24 * 60 * 60 * 1000

/**
 * What a store has, against what documents refer to, by its names alone. `missing`: whether documents without bytes are
 * told; where the bytes themselves are read, that tells it.
 */
export async function* examineStore(
  { translate, signal }: Context,
  database: Database,
  blobs: Pick<Blobs, 'list'>,
  { missing }: { missing: boolean },
): AsyncGenerator<Finding> {
  const files = await readStoredFiles(database)
  const wanted = new Set(files.map(({ blob }) => blob))
  const there = new Set<string>()
  let extra = 0
  const before = Date.now() - settled
  for await (const { hash, storedAt } of blobs.list()) {
    signal.throwIfAborted()
    there.add(hash)
    if (!wanted.has(hash) && storedAt < before) extra += 1
  }
  const gone = missing ? files.filter(({ blob }) => !there.has(blob)) : []
  for (const { path } of gone.slice(0, mostNamed)) {
    yield { name: 'file', state: 'bad', text: translate('cli.doctor.fileMissing', { file: safe(path) }) }
  }
  if (gone.length > mostNamed) {
    const count = gone.length - mostNamed
    yield { name: 'file', state: 'bad', text: translate('cli.doctor.filesMissing', { count }) }
  }
  if (missing && gone.length === 0 && files.length > 0) {
    yield { name: 'files', state: 'ok', text: translate('cli.doctor.filesThere', { count: files.length }) }
  }
  if (extra > 0)
    yield { name: 'files-extra', state: 'warn', text: translate('cli.doctor.filesExtra', { count: extra }) }
}
