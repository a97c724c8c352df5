import { stat } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { AppError, toAppError } from '../../shared/errors.ts'
import type { Download } from '../../shared/model/index.ts'
import { downloadsName, readStates, sizeOf } from '../../shared/models/download-state.ts'
import { withoutModelEnding } from '../../shared/models/file-name.ts'
import type { Context } from '../context.ts'
import { type LibraryDownloads, withLibrary } from '../library.ts'
import { textOf, usageError } from '../present.ts'
import { bar } from '../terminal.ts'
import { safe } from '../text.ts'
import { findModels, modelFiles } from './models.ts'

/** Milliseconds between two looks how far it is. */
const lookTime = 250
const barColumns = 20

/** Fetches a model and shows how far it is; Ctrl-C keeps what has come. */
export async function downloadModel(
  context: Context,
  source: string,
  { sha256, name: given }: { sha256?: string; name?: string },
): Promise<void> {
  const { terminal, translate, signal } = context
  if (sha256 !== undefined && !/^[\da-f]{64}$/i.test(sha256))
    throw usageError(translate('cli.usage.value', { name: '--sha256' }))
  const { name, was } = await withLibrary(context, {}, async library => {
    const downloads = await library.downloads()
    const request = { source, ...(sha256 && { sha256: sha256.toLowerCase() }), ...(given && { name: given }) }
    const started = await downloads.start(request)
    try {
      await watch(context, downloads, started)
    } catch (error) {
      if (!signal.aborted && toAppError(error).code !== 'cancelled') throw error
      // One that somebody else began, at the server's, goes on there.
      const ours = started.state === 'queued'
      if (signal.aborted && ours) await downloads.pause(started.name).catch(() => {})
      const again = given === undefined ? source : `${source} --name ${given}`
      const text = signal.aborted ? (ours ? 'kept' : 'goesOn') : 'stopped'
      terminal.live([])
      terminal.note(translate(`cli.models.${text}`, { source: safe(again) }))
      throw error
    }
    return { name: started.name, was: started.state === 'done' }
  })
  await report(context, name, was)
}

/** Until it is there. Throws why it will not be; `cancelled` when somebody else stopped it. */
async function watch(context: Context, downloads: LibraryDownloads, started: Download): Promise<void> {
  const { terminal, signal } = context
  if (started.state === 'done') return
  const file = path.join(context.config().modelsFolder, started.name)
  for (;;) {
    await pause(lookTime, undefined, { signal })
    const now = await downloads.get(started.name)
    if (!now || now.state === 'done') {
      const there = await stat(file).catch(() => undefined)
      if (!there) throw new AppError('cancelled')
      terminal.live([])
      return
    }
    if (now.state === 'paused') throw new AppError('cancelled')
    if (now.state === 'failed')
      throw now.reason ? new AppError(now.reason.code, now.reason.values) : new AppError('internal')
    terminal.live([line(context, now)])
  }
}

function line({ translate }: Context, download: Download): string {
  const { state, received, size, rate, secondsLeft, reason } = download
  const name = safe(download.name)
  if (state === 'queued' || state === 'checking') return translate(`cli.models.${state}`, { name })
  if (state === 'waiting')
    return translate('cli.models.waiting', { name, text: reason ? textOf(translate, reason) : '' })
  const one = new Intl.NumberFormat(translate.language, { maximumFractionDigits: 1 })
  const whole = new Intl.NumberFormat(translate.language, { maximumFractionDigits: 0 })
  const done = whole.format(received / 1e6)
  const speed = rate === null ? '–' : one.format(rate / 1e6)
  if (size === null) return `${name}: ${translate('cli.models.farUnknown', { done, rate: speed })}`
  const all = whole.format(size / 1e6)
  const far =
    secondsLeft === null
      ? translate('cli.models.farSoFar', { done, all })
      : translate('cli.models.far', { done, all, rate: speed, left: timeOf(secondsLeft) })
  return translate('cli.models.fetching', { name, bar: bar(size === 0 ? 0 : received / size, barColumns), far })
}

/** `42 s`, `7 min`, `2 h 5 min`: the same in both languages. */
function timeOf(seconds: number): string {
  if (seconds < 100) return `${seconds} s`
  const minutes = Math.round(seconds / 60)
  return minutes < 100 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

/** `was`: it was there before. */
async function report(context: Context, name: string, was: boolean): Promise<void> {
  const { terminal, translate } = context
  const { size = 0, description } = (await findModels(context)).find(entry => entry.name === name) ?? {}
  const sha256 = await modelFiles(context).checksum(name)
  const role = description?.role
  const values = { name: safe(name), role: role ? translate(`cli.models.${role}`) : '–' }
  if (context.json) terminal.json({ models: [{ name, size, sha256: sha256 ?? null, role: role ?? null }] })
  else terminal.out(translate(was ? 'cli.models.present' : 'cli.models.added', values))
}

/** What was begun and is no model yet; whether somebody is at it now, the files do not say. */
export async function findUnfinished(
  context: Context,
): Promise<{ name: string; received: number; size: number | null }[]> {
  const states = await readStates(path.join(context.config().modelsFolder, downloadsName))
  return states.map(state => ({ name: state.name, received: state.durable, size: sizeOf(state) }))
}

/** False where there is no such download. */
export async function cancelDownload(context: Context, given: string): Promise<boolean> {
  const found = (await findUnfinished(context)).find(({ name }) => name === given || withoutModelEnding(name) === given)
  if (!found) return false
  await withLibrary(context, {}, async library => (await library.downloads()).cancel(found.name))
  return true
}
