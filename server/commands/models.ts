import path from 'node:path'
import { toAppError } from '../../shared/errors.ts'
import type { ModelRole } from '../../shared/model/index.ts'
import { listModels, type ModelEntry } from '../../shared/models/catalog.ts'
import { createModelFiles, type FileOptions, type ModelFiles } from '../../shared/models/files.ts'
import { describeModel } from '../../shared/models/gguf/describe.ts'
import type { Context } from '../context.ts'
import { errorText, reasonJson, textOf } from '../present.ts'
import { table } from '../table.ts'
import { bar } from '../terminal.ts'
import { safe } from '../text.ts'

const variables: Record<ModelRole, string> = {
  chat: 'LLM_MODEL_PATH',
  embedding: 'EMBEDDING_MODEL_PATH',
  reranking: 'RERANKER_MODEL_PATH',
}
const barColumns = 20

export function findModels(context: Context): Promise<ModelEntry[]> {
  const { modelsFolder, models } = context.config()
  const { chatFile: chat, embeddingFile: embedding, rerankingFile: reranking } = models
  return listModels(modelsFolder, {
    ...(chat && { chat }),
    ...(embedding && { embedding }),
    ...(reranking && { reranking }),
  })
}

export async function listAllModels(context: Context): Promise<void> {
  const { terminal, translate } = context
  const entries = await findModels(context)
  const { findUnfinished } = await import('./model-download.ts')
  const unfinished = await findUnfinished(context)
  if (context.json) {
    terminal.json({ models: entries.map(entry => modelJson(context, entry)), downloads: unfinished })
    return
  }
  for (const { name, received, size } of unfinished) {
    const all = size === null ? '?' : sizeOf(context, size)
    terminal.note(translate('cli.models.unfinished', { name: safe(name), done: sizeOf(context, received), all }))
  }
  if (entries.length === 0) {
    terminal.out(translate('cli.models.none'))
    return
  }
  const head = (['name', 'role', 'size', 'parameters', 'context', 'state'] as const).map(name =>
    translate(`cli.models.${name}`),
  )
  const rows = entries.map(entry => [
    safe(entry.name),
    roleOf(context, entry),
    sizeOf(context, entry.size),
    entry.description ? countOf(context, entry.description.parameters) : '–',
    entry.description
      ? translate('cli.models.tokens', { count: wholeOf(context, entry.description.contextSize) })
      : '–',
    stateOf(context, entry),
  ])
  for (const line of table(terminal, head, rows, { right: [2, 3] })) terminal.out(line)
}

export async function addModels(context: Context, files: readonly string[]): Promise<void> {
  const { terminal, translate } = context
  const { workingDirectory } = context.config()
  const added: object[] = []
  await eachOf(context, files, async file => {
    const from = path.resolve(workingDirectory, file)
    const { name, size, sha256 } = await modelFiles(context).add(from, watched(context, path.basename(from)))
    const { role } = (await findModels(context)).find(entry => entry.name === name)?.description ?? {}
    added.push({ name, size, sha256, role: role ?? null })
    const shown = role ? translate(`cli.models.${role}`) : '–'
    if (!context.json) terminal.out(translate('cli.models.added', { name: safe(name), role: shown }))
  })
  if (context.json) terminal.json({ models: added })
}

/** All of the data directory when none is named. Changed or unusable ones make the command fail. */
export async function verifyModels(context: Context, given: readonly string[]): Promise<void> {
  const { terminal, translate, config } = context
  const inFolder = (await findModels(context)).filter(
    entry => path.dirname(path.resolve(entry.path)) === path.resolve(config().modelsFolder),
  )
  const names = given.length > 0 ? given : inFolder.map(({ name }) => name)
  if (names.length === 0 && !context.json) terminal.out(translate('cli.models.none'))
  const verified: object[] = []
  await eachOf(context, names, async name => {
    const result = await modelFiles(context).verify(name, watched(context, name))
    verified.push(result)
    if (result.state === 'changed') context.exitCode = 1
    if (!context.json)
      terminal.out(translate(`cli.models.${result.state}`, { name: safe(result.name), sha256: result.sha256 }))
  })
  if (context.json) terminal.json({ models: verified })
}

export async function removeModels(context: Context, names: readonly string[]): Promise<void> {
  const { terminal, translate } = context
  const removed: string[] = []
  await eachOf(context, names, async name => {
    await modelFiles(context)
      .remove(name)
      .catch(async error => {
        const { cancelDownload } = await import('./model-download.ts')
        if (toAppError(error).code !== 'model-not-found' || !(await cancelDownload(context, name))) throw error
      })
    removed.push(name)
    if (!context.json) terminal.out(translate('cli.models.removed', { name: safe(name) }))
  })
  if (context.json) terminal.json({ removed })
}

/** One after the other; what is wrong with one is told, and the others are done all the same. */
async function eachOf(context: Context, names: readonly string[], run: (name: string) => Promise<void>): Promise<void> {
  const { terminal, translate, signal } = context
  const [only] = names
  for (const name of names) {
    signal.throwIfAborted()
    try {
      await run(name)
    } catch (error) {
      signal.throwIfAborted()
      const known = toAppError(error)
      if (name === only && names.length === 1) throw known
      if (known.code === 'disk-full') throw known
      if (known.code === 'internal') context.log().error('model not handled', { error })
      context.exitCode = 1
      terminal.note(translate('cli.models.bad', { name: safe(name), text: errorText(translate, known) }))
    } finally {
      terminal.live([])
    }
  }
}

export function modelFiles(context: Context): ModelFiles {
  const { modelsFolder: folder, maxModelSize: limit } = context.config()
  return createModelFiles({ folder, check: describeModel, limit })
}

export function watched({ terminal, translate, signal }: Context, name: string): FileOptions {
  return {
    signal,
    progress: (done, all) =>
      terminal.live([translate('cli.models.copying', { name: safe(name), bar: bar(done / all, barColumns) })]),
  }
}

function roleOf({ translate }: Context, { description }: ModelEntry): string {
  return description ? translate(`cli.models.${description.role}`) : '–'
}

function stateOf({ translate }: Context, { description, named, used, problem }: ModelEntry): string {
  if (problem) return textOf(translate, problem)
  if (!used) return translate('cli.models.spare')
  return named && description
    ? translate('cli.models.named', { variable: variables[description.role] })
    : translate('cli.models.used')
}

function modelJson(
  { translate }: Context,
  { name, path: file, size, named, used, description, problem }: ModelEntry,
): object {
  const { role, parameters, contextSize, architecture, quantization } = description ?? {}
  return {
    name,
    path: file,
    size,
    role: role ?? null,
    architecture: architecture ?? null,
    parameters: parameters ?? null,
    quantization: quantization ?? null,
    contextSize: contextSize ?? null,
    dimensions: description?.embedding?.dimensions ?? null,
    named,
    used,
    problem: reasonJson(translate, problem ?? null),
  }
}

export function sizeOf({ translate }: Context, size: number): string {
  const format = new Intl.NumberFormat(translate.language, { maximumFractionDigits: size < 10e6 ? 1 : 0 })
  return `${format.format(size / 1e6)} MB`
}

function wholeOf({ translate }: Context, count: number): string {
  return new Intl.NumberFormat(translate.language).format(count)
}

function countOf({ translate }: Context, count: number): string {
  return new Intl.NumberFormat(translate.language, { notation: 'compact', maximumSignificantDigits: 2 }).format(count)
}
