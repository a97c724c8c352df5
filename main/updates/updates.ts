/**
 * Updates of the application: electron-updater finds, fetches, checks and installs them; whether, which and when is for the user to say. What
 * it fetches comes through the server (`request.ts`).
 */
import { AppError, reasonOf, toAppError } from '../../shared/errors.ts'
import type { ErrorCode, Reason } from '../../shared/model/index.ts'
import type { Log } from '../../shared/ports.ts'
import {
  type Asker,
  decideBack,
  decideCheck,
  decideOffer,
  isMidWork,
  noSettings,
  type UpdateSettings,
  type Work,
} from './policy.ts'
import { UpdateFailure } from './request.ts'

interface UpdateInfo {
  version: string
  releaseNotes?: string | readonly { version: string; note: string | null }[] | null
  releaseDate?: string
}

/** What is used of electron-updater. */
export interface Updater {
  autoDownload: boolean
  autoInstallOnAppQuit: boolean
  allowDowngrade: boolean
  allowPrerelease: boolean
  disableWebInstaller: boolean
  channel: string | null
  checkForUpdates(): Promise<{ updateInfo: UpdateInfo } | null>
  downloadUpdate(): Promise<unknown>
  quitAndInstall(silent?: boolean, restart?: boolean): void
  on(event: 'download-progress', hear: (progress: { percent: number }) => void): unknown
  on(event: 'error', hear: (error: Error) => void): unknown
}

export interface UpdateState {
  phase: 'resting' | 'checking' | 'offered' | 'downloading' | 'ready'
  /** The one that is offered, fetched or ready. */
  version: string | null
  /** As whoever released it wrote them: text, never markup. */
  notes: string
  /** It is the one that was here before. */
  back: boolean
  /** Of the download, between 0 and 1. */
  part: number
  /** Why the last step came to nothing. */
  reason: Reason | null
}

export interface UpdateDependencies {
  /** Undefined where the build knows no channel. */
  updater: Updater | undefined
  current: string
  settings: { read(): Promise<UpdateSettings>; write(settings: UpdateSettings): Promise<void> }
  work(): Promise<Work>
  now(): number
  log: Log
  changed?: (state: UpdateState) => void
}

export interface Updates {
  state(): UpdateState
  settings(): Promise<UpdateSettings>
  choose(choice: 'on' | 'off'): Promise<void>
  /** `ask`: nobody has been asked yet, and nothing was looked for. */
  check(asker: Asker): Promise<'ask' | 'no' | 'current' | 'skipped' | 'offered' | 'failed'>
  /** The version before this one, and no other; on the user's word alone. */
  lookBack(): Promise<'offered' | 'failed'>
  /** Never offered again by the clock. */
  skip(): Promise<void>
  download(): Promise<'ready' | 'failed'>
  /** `busy`: something runs; nothing was done. Otherwise the application ends. */
  install(): Promise<'installing' | 'busy' | 'failed'>
}

const resting: UpdateState = { phase: 'resting', version: null, notes: '', back: false, part: 0, reason: null }
/** Characters of notes that are shown. */
const longestNotes = 20_000

export function createUpdates(deps: UpdateDependencies): Updates {
  const { updater, current, settings, work, now, log, changed = () => {} } = deps
  let state = resting
  let running = false
  const become = (news: Partial<UpdateState>) => {
    state = { ...state, ...news }
    changed(state)
  }
  const fail = (error: unknown, phase: UpdateState['phase']) => {
    const reason = reasonFor(error)
    log.warn('an update came to nothing', { error })
    become({ phase, reason })
    return 'failed' as const
  }
  if (updater) {
    updater.autoDownload = false
    // It would be installed when the application is closed, whatever runs, and without a word.
    updater.autoInstallOnAppQuit = false
    updater.allowPrerelease = false
    // It fetches the rest of itself, unchecked.
    updater.disableWebInstaller = true
    updater.on('download-progress', ({ percent }) => become({ part: Math.min(1, Math.max(0, percent / 100)) }))
    // Told by what was called, too; without somebody who listens it would end the process.
    updater.on('error', () => {})
  }

  /** Alone: two checks would share what electron-updater remembers. */
  async function alone<Result>(run: (updater: Updater) => Promise<Result>, phase: UpdateState['phase']) {
    if (!updater) return fail(new AppError('update-none'), 'resting')
    if (running) return 'failed' as const
    running = true
    try {
      return await run(updater)
    } catch (error) {
      return fail(error, phase)
    } finally {
      running = false
    }
  }

  async function ask(updater: Updater, channel: string, back: boolean): Promise<UpdateInfo> {
    become({ ...resting, phase: 'checking' })
    // The setter allows going back by itself.
    updater.channel = channel
    updater.allowDowngrade = back
    const found = await updater.checkForUpdates()
    if (!found) throw new AppError('update-none')
    return found.updateInfo
  }

  const offer = (info: UpdateInfo, back: boolean) => {
    become({ ...resting, phase: 'offered', version: info.version, notes: notesOf(info), back })
    return 'offered' as const
  }

  return {
    state: () => state,
    settings: settings.read,
    async choose(choice) {
      await settings.write({ ...(await settings.read()), choice })
    },
    async check(asker) {
      if (state.phase === 'ready' || state.phase === 'offered') {
        // Whoever asks again wants to see it, whatever its last step came to.
        if (asker === 'user' && state.reason) become({ reason: null })
        return 'offered'
      }
      const known = await settings.read()
      const decided = decideCheck(known, asker, now())
      if (decided !== 'check') return decided
      return alone(async updater => {
        const info = await ask(updater, 'latest', false)
        await settings.write({ ...(await settings.read()), checkedAt: now() })
        const what = decideOffer(info.version, { current, skipped: known.skipped, asker })
        if (what === 'offer') return offer(info, false)
        become(resting)
        if (what === 'older' || what === 'invalid')
          log.warn('the channel offers what is no update', { version: info.version })
        return what === 'skipped' ? 'skipped' : 'current'
      }, 'resting')
    },
    lookBack: () =>
      alone(async updater => {
        const { previous } = await settings.read()
        if (previous === null) throw new AppError('update-missing')
        const info = await ask(updater, previous, true)
        if (decideBack(info.version, { current, previous }) === 'invalid') throw new AppError('update-missing')
        return offer(info, true)
      }, 'resting'),
    async skip() {
      if (state.version === null) return
      // To stay is no word on the version that one came from.
      if (!state.back) await settings.write({ ...(await settings.read()), skipped: state.version })
      become(resting)
    },
    download: () =>
      alone(async updater => {
        if (state.phase === 'ready') return 'ready' as const
        if (state.phase !== 'offered') throw new AppError('update-missing')
        become({ phase: 'downloading', part: 0, reason: null })
        await updater.downloadUpdate()
        become({ phase: 'ready', part: 1 })
        return 'ready' as const
      }, 'offered'),
    install: () =>
      alone(async updater => {
        if (state.phase !== 'ready') throw new AppError('update-missing')
        if (isMidWork(await work())) {
          become({ reason: { code: 'update-busy' } })
          return 'busy'
        }
        // Who has gone back is not led there again by what was before.
        const known = await settings.read()
        const { version, back } = state
        await settings.write({ ...known, previous: back ? null : current, skipped: back ? current : known.skipped })
        log.info('an update is installed', { version })
        updater.quitAndInstall(false, true)
        return 'installing'
      }, 'ready'),
  }
}

/** From what is kept; of anything else, as if nothing was. */
export function readSettings(value: unknown): UpdateSettings {
  const { choice, skipped, checkedAt, previous } = (value ?? {}) as Record<string, unknown>
  const text = (one: unknown) => (typeof one === 'string' && one.length < 100 ? one : null)
  return {
    choice: choice === 'on' || choice === 'off' ? choice : noSettings.choice,
    skipped: text(skipped),
    checkedAt: typeof checkedAt === 'number' && Number.isFinite(checkedAt) ? checkedAt : null,
    previous: text(previous),
  }
}

function notesOf({ releaseNotes }: UpdateInfo): string {
  const text = Array.isArray(releaseNotes)
    ? releaseNotes.map(({ version, note }) => `${version}\n${note ?? ''}`).join('\n\n')
    : typeof releaseNotes === 'string'
      ? releaseNotes
      : ''
  return text
    .replaceAll(/<[^>]*>/g, '')
    .trim()
    .slice(0, longestNotes)
}

/** By electron-updater's codes of what it refuses, and by those of the server. */
function reasonFor(error: unknown): Reason {
  const { code } = error as { code?: unknown }
  if (error instanceof UpdateFailure) {
    const { values = {} } = error
    const plain = Object.entries(values).flatMap(([name, value]) =>
      typeof value === 'string' || typeof value === 'number' ? [[name, value] as const] : [],
    )
    return { code: error.code as ErrorCode, values: Object.fromEntries(plain) }
  }
  if (code === 'ERR_CHECKSUM_MISMATCH') return { code: 'update-damaged' }
  if (code === 'ERR_UPDATER_INVALID_SIGNATURE') return { code: 'update-unsigned' }
  if (code === 'ERR_UPDATER_CHANNEL_FILE_NOT_FOUND') return { code: 'update-missing' }
  return reasonOf(toAppError(error))
}
