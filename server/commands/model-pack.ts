import path from 'node:path'
import { AppError } from '../../shared/errors.ts'
import { describeModel } from '../../shared/models/gguf/describe.ts'
import { modelsOfOfflinePack, verifyOfflinePack } from '../../shared/models/offline-pack.ts'
import { type PackOptions, takePack, writePack } from '../../shared/models/pack.ts'
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

/** Takes the models of such a folder, or those of these names; also of one with everything for a machine without a network. */
export async function unpackModels(context: Context, given: string, names: readonly string[]): Promise<void> {
  const { terminal, translate } = context
  const { workingDirectory, modelsFolder, maxModelSize: limit } = context.config()
  const folder = path.resolve(workingDirectory, given)
  const models = await modelsOfOfflinePack(folder)
  // One with more in it than models, which are read once more as they are taken: what is damaged in it is named before anything is.
  if (models !== undefined) await verifyOfflinePack(folder, watching(context))
  const taken = await takePack(models ?? folder, names, {
    ...watching(context),
    models: modelsFolder,
    files: modelFiles(context),
    check: describeModel,
    limit,
  })
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

function watching(context: Context): PackOptions {
  return { signal: context.signal, progress: (name, done, all) => watched(context, name).progress?.(done, all) }
}
