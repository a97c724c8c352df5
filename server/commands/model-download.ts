import { stat } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { AppError, toAppError } from '../../shared/errors.ts'
import type { Download } from '../../shared/model/index.ts'
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
  const name = await withLibrary(context, {}, async library => {
    const downloads = await library.downloads()
    const request = { source, ...(sha256 && { sha256: sha256.toLowerCase() }), ...(given && { name: given }) }
    const known = given === undefined ? undefined : await downloads.get(given)
    const started = await downloads.start(request)
    const ours = known?.state !== 'active'
    try {
      await watch(context, downloads, started)
    } catch (error) {
      if (!signal.aborted && toAppError(error).code !== 'cancelled') throw error
      if (signal.aborted && ours) await downloads.pause(started.name).catch(() => {})
      const again = given === undefined ? source : `${source} --name ${given}`
      terminal.live([])
      terminal.note(translate(signal.aborted ? 'cli.models.kept' : 'cli.models.stopped', { source: safe(again) }))
      throw error
    }
    return started.name
  })
  await report(context, name)
}

/** Until it is there. Throws why it will not be; `cancelled` when somebody else stopped it. */
async function watch(context: Context, downloads: LibraryDownloads, started: Download): Promise<void> {
  const { terminal, translate, signal } = context
  if (started.state === 'done') {
    terminal.note(translate('cli.models.there', { name: safe(started.name) }))
    return
  }
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

async function report(context: Context, name: string): Promise<void> {
  const { terminal, translate } = context
  const { size = 0, description } = (await findModels(context)).find(entry => entry.name === name) ?? {}
  const sha256 = await modelFiles(context).checksum(name)
  const role = description?.role
  if (context.json) terminal.json({ models: [{ name, size, sha256: sha256 ?? null, role: role ?? null }] })
  else
    terminal.out(
      translate('cli.models.added', { name: safe(name), role: role ? translate(`cli.models.${role}`) : '–' }),
    )
}
