import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { performance } from 'node:perf_hooks'
import { openSqlite } from '../shared/db/sqlite/index.ts'
import { onlyErrors } from '../shared/log.ts'
import type { ModelRole } from '../shared/model/index.ts'
import type { Models } from '../shared/ports.ts'
import type { Finding } from './commands/doctor.ts'
import { findOffers } from './commands/model-offers.ts'
import { findModels, sizeOf } from './commands/models.ts'
import { openModels } from './compose.ts'
import type { Context } from './context.ts'
import { errorText, textOf } from './present.ts'
import { answers, readRunning } from './server-file.ts'
import { safe } from './text.ts'

const roles: readonly ModelRole[] = ['chat', 'embedding', 'reranking']

/** Which models there are, and whether each that is used loads and does its work; whether vectors can be kept. */
export async function* examineModels(context: Context): AsyncGenerator<Finding> {
  const { translate } = context
  const entries = await findModels(context)
  for (const { name, problem, named } of entries) {
    if (!problem) continue
    const text = translate('cli.models.bad', { name: safe(name), text: textOf(translate, problem) })
    yield { name: 'model-file', state: named ? 'bad' : 'warn', text }
  }
  const here = await lookHere(context)
  yield machine(context, here)
  const models = openModels(context.config(), onlyErrors(context.log()))
  try {
    for (const role of roles) {
      const used = entries.find(entry => entry.used && entry.description?.role === role)
      if (!used) continue
      // It works, and there may be no room for it twice.
      const loaded = here.loaded.includes(path.basename(used.path))
      yield loaded ? isLoaded(context, role, used.name) : await tryOut(context, models, role, used.name)
    }
  } finally {
    await models.close()
  }
  if (!entries.some(({ used, description }) => used && description?.role === 'chat'))
    yield { name: 'model-chat', state: 'ok', text: translate('cli.doctor.noChat') }
  // On Postgres they lie there.
  if (!context.config().database) yield await vectors(context)
}

interface Here {
  /** Bytes, of which models may have `free`. */
  memory: number
  free: number
  /** The id of what fits best for answers. */
  best: string | undefined
  /** Files that a running server has in memory. */
  loaded: readonly string[]
}

/** As the server says that has the data directory open: what it has loaded is taken here, and free to it. */
async function lookHere(context: Context): Promise<Here> {
  const served = await askServer(context)
  if (served) {
    const { machine, models } = served
    // One that was started before an update may not say it.
    const { loaded = [] } = machine
    return { ...machine, loaded, best: models.find(({ role, recommended }) => recommended && role === 'chat')?.id }
  }
  const { machine, offers } = await findOffers(context)
  const best = offers.find(({ offer, recommended }) => recommended && offer.role === 'chat')?.offer.id
  return { ...machine, best, loaded: [] }
}

/** Milliseconds: it reads the heads of model files. */
const catalogTime = 10_000

/** Undefined where there is none, or it does not say. Those of a database announce themselves nowhere, and may be on any machine. */
async function askServer({ config, signal, translate }: Context) {
  const server = config().database ? undefined : await readRunning(config().dataDirectory)
  if (!server || !(await answers(server, signal))) return undefined
  const { askCatalog } = await import('./remote.ts')
  const within = AbortSignal.any([signal, AbortSignal.timeout(catalogTime)])
  return askCatalog(server, translate.language, within).catch(() => {
    signal.throwIfAborted()
    return undefined
  })
}

/** Told whatever it is: what does not fit is refused when it is loaded, which is tried below. */
function machine(context: Context, { free, memory, best }: Here): Finding {
  const { translate } = context
  const values = { free: sizeOf(context, free), all: sizeOf(context, memory) }
  const text =
    best === undefined
      ? translate('cli.doctor.machine', values)
      : translate('cli.doctor.machineFor', { ...values, id: best })
  return { name: 'model-machine', state: 'ok', text }
}

function isLoaded({ translate }: Context, role: ModelRole, name: string): Finding {
  const values = { name: safe(name), role: translate(`cli.models.${role}`) }
  return { name: `model-${role}`, state: 'ok', text: translate('cli.doctor.modelLoaded', values) }
}

async function tryOut(context: Context, models: Models, role: ModelRole, name: string): Promise<Finding> {
  const { translate, signal } = context
  const began = performance.now()
  try {
    if (role === 'chat') await answer(models, signal)
    else if (role === 'embedding')
      await (await models.embedding())?.model.doEmbed({ values: ['Cloister'], abortSignal: signal })
    else {
      const documents = { type: 'text' as const, values: ['Cloister'] }
      await (await models.reranking())?.model.doRerank({ query: 'Cloister', documents, abortSignal: signal })
    }
    const format = new Intl.NumberFormat(translate.language, { maximumFractionDigits: 1 })
    const values = { name: safe(name), role: translate(`cli.models.${role}`) }
    const seconds = format.format((performance.now() - began) / 1000)
    return { name: `model-${role}`, state: 'ok', text: translate('cli.doctor.model', { ...values, seconds }) }
  } catch (error) {
    signal.throwIfAborted()
    context.log().error('model does not work', { role, error })
    const text = translate('cli.models.bad', { name: safe(name), text: errorText(translate, error) })
    return { name: `model-${role}`, state: 'bad', text }
  }
}

async function answer(models: Models, abortSignal: AbortSignal): Promise<void> {
  const chat = await models.chat()
  const prompt = [{ role: 'user' as const, content: [{ type: 'text' as const, text: 'Cloister' }] }]
  await chat?.model.doGenerate({ prompt, maxOutputTokens: 1, abortSignal })
}

async function vectors({ translate }: Context): Promise<Finding> {
  const folder = await mkdtemp(path.join(tmpdir(), 'cloister-doctor-'))
  try {
    const database = await openSqlite({ file: path.join(folder, 'probe.db') })
    const there = database.vectors
    await database.close()
    const text = translate(there ? 'cli.doctor.vectors' : 'cli.doctor.noVectors')
    return { name: 'vectors', state: there ? 'ok' : 'warn', text }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
