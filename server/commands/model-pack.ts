import { lstat, readdir } from 'node:fs/promises'
import path from 'node:path'
import { AppError } from '../../shared/errors.ts'
import { isModelFile } from '../../shared/models/file-name.ts'
import { describeModel } from '../../shared/models/gguf/describe.ts'
import { modelsOfOfflinePack, verifyOfflinePack } from '../../shared/models/offline-pack.ts'
import { type PackOptions, type Taken, takePack, writePack } from '../../shared/models/pack.ts'
import { findManifest } from '../../shared/models/pack-manifest.ts'
import { createPins, pinsName } from '../../shared/models/pins.ts'
import type { Context } from '../context.ts'
import { safe } from '../text.ts'
import { findModels, modelFiles, sizeOf, watched } from './models.ts'

/** Writes models into a folder: those of these names, otherwise all that can be used. */
export async function packModels(context: Context, given: string, names: readonly string[]): Promise<void> {
  const { terminal, translate } = context
  const { workingDirectory, modelsFolder } = context.config()
  const folder = path.resolve(workingDirectory, given)
  const files = modelFiles(context)
  const pins = createPins(path.join(modelsFolder, pinsName))
  const entries = await findModels(context)
  const chosen =
    names.length === 0
      ? entries.filter(({ description }) => description)
      : names.map(name => {
          const found = entries.find(entry => entry.name === name || entry.name === `${name}.gguf`)
          if (!found?.description)
            throw new AppError(found?.problem?.code ?? 'model-not-found', found?.problem?.values ?? { name })
          return found
        })
  const models = await Promise.all(
    chosen.flatMap(({ name, path: file, description }) =>
      description ? [toPack({ name, path: file, role: description.role, license: description.license ?? null })] : [],
    ),
  )
  const packed = await writePack(models, folder, watching(context))
  terminal.live([])
  if (context.json) {
    terminal.json({ folder, models: packed })
    return
  }
  for (const { name, role, size } of packed) {
    const values = { name: safe(name), role: translate(`cli.models.${role}`), size: sizeOf(context, size) }
    terminal.out(translate('cli.models.packed', values))
  }
  terminal.note(translate('cli.models.packDone', { folder: safe(folder) }))

  async function toPack(model: {
    name: string
    path: string
    role: 'chat' | 'embedding' | 'reranking'
    license: string | null
  }) {
    const sha256 = path.dirname(model.path) === modelsFolder ? await files.checksum(model.name) : undefined
    return { ...model, sha256, source: (sha256 && (await pins.origin(sha256))) || null }
  }
}

/** Takes the models of such a folder, or those of these names. */
export async function unpackModels(context: Context, given: string, names: readonly string[]): Promise<void> {
  const { terminal, translate } = context
  const { workingDirectory } = context.config()
  const taken = await takeModels(context, path.resolve(workingDirectory, given), names, watching(context))
  terminal.live([])
  if (context.json) {
    terminal.json({ models: taken })
    return
  }
  for (const { name, role, state } of taken) {
    const values = { name: safe(name), role: translate(`cli.models.${role}`) }
    terminal.out(state === 'taken' ? translate('cli.models.added', values) : translate('cli.models.present', values))
  }
}

/** Also those of a folder with everything for a machine without a network. */
export async function takeModels(
  context: Context,
  folder: string,
  names: readonly string[],
  options: PackOptions,
): Promise<Taken[]> {
  const { modelsFolder, maxModelSize: limit } = context.config()
  const models = await modelsOfOfflinePack(folder)
  // One with more in it than models, which are read once more as they are taken: what is damaged in it is named before anything is.
  if (models !== undefined) await verifyOfflinePack(folder, options)
  return takePack(models ?? folder, names, {
    ...options,
    models: modelsFolder,
    files: modelFiles(context),
    check: describeModel,
    limit,
  })
}

/**
 * The same for whoever names no more than a folder: where it is no pack, the models that lie in it, of which nobody says what their checksums
 * are. `progress`: how much of all is done, between 0 and 1; what is read before anything is taken counts as well.
 */
export async function takeFolder(
  context: Context,
  folder: string,
  progress: (name: string, part: number) => void,
): Promise<Pick<Taken, 'name' | 'state'>[]> {
  const { signal } = context
  const within = await modelsOfOfflinePack(folder)
  const pack = await findManifest(within ?? folder)
  const names = pack ? [] : await modelsIn(folder)
  // Each model of a pack is read, and then copied.
  const bytes = pack
    ? (within === undefined ? 0 : await bytesIn(folder)) + 2 * pack.models.reduce((sum, { size }) => sum + size, 0)
    : await bytesIn(folder, names)
  const measured = measure(bytes, progress)
  if (pack) return takeModels(context, folder, [], { signal, progress: measured })
  const { modelsFolder } = context.config()
  // All of them before the first is copied, as with a pack.
  for (const name of names) {
    await describeModel(path.join(folder, name), name)
    if (await lstat(path.join(modelsFolder, name)).catch(() => undefined)) throw new AppError('model-exists', { name })
  }
  const files = modelFiles(context)
  const taken: Pick<Taken, 'name' | 'state'>[] = []
  for (const name of names) {
    await files.add(path.join(folder, name), { signal, progress: (done, all) => measured(name, done, all) })
    taken.push({ name, state: 'taken' })
  }
  return taken
}

async function modelsIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(cause => {
    throw new AppError('pack-invalid', { folder }, { cause })
  })
  const names = entries.flatMap(entry => (entry.isFile() && isModelFile(entry.name) ? [entry.name] : []))
  if (names.length === 0) throw new AppError('pack-invalid', { folder })
  return names.sort()
}

async function bytesIn(folder: string, given?: readonly string[]): Promise<number> {
  const names = given ?? (await readdir(folder, { recursive: true }))
  let sum = 0
  for (const name of names) {
    const found = await lstat(path.join(folder, name))
    if (found.isFile()) sum += found.size
  }
  return sum
}

/** Of what is told file by file. */
function measure(bytes: number, tell: (name: string, part: number) => void) {
  let [finished, file, last, most] = [0, '', 0, 0]
  return (name: string, done: number, all: number) => {
    // The next file, or the same one in its next round.
    if (name !== file || done <= last) finished += most
    ;[file, last, most] = [name, done, all]
    tell(name, Math.min(1, (finished + done) / Math.max(1, bytes)))
  }
}

function watching(context: Context): PackOptions {
  return { signal: context.signal, progress: (name, done, all) => watched(context, name).progress?.(done, all) }
}
