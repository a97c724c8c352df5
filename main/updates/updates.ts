/**
 * Updates of the application: electron-updater finds, fetches, checks and installs them; whether, which and when is for the user to say. What
 * it fetches comes through the server (`request.ts`).
 */
import type { CancellationToken } from 'electron-updater'
import { AppError, reasonOf, toAppError } from '../../shared/errors.ts'
import type { ErrorCode, Reason } from '../../shared/model/index.ts'
import type { Log } from '../../shared/ports.ts'
import {
  type Asker,
  decideBack,
  decideCheck,
  decideOffer,
  isMidWork,
  settleInstall,
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
  /** Rejects when the token is cancelled. */
  downloadUpdate(token?: CancellationToken): Promise<unknown>
  /** Ends the application; says by the event `error` alone that it does not, sooner or later. */
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
  /**
   * Puts everything in order and makes way, so that nothing but the process is left: the updater of macOS closes windows before it asks
   * anybody, and that of an AppImage starts the new program before this one is gone.
   */
  end(): Promise<void>
  /** Nothing was installed: as it was before `end`. What was made way for must be refused at once, not only when it resolves. */
  resume(): Promise<void>
  now(): number
  log: Log
  changed?: (state: UpdateState) => void
}

export interface Updates {
  state(): UpdateState
  settings(): Promise<UpdateSettings>
  /** Of a start: what came of the installation that the one before began. */
  begin(): Promise<void>
  choose(choice: 'on' | 'off'): Promise<void>
  /** `ask`: nobody has been asked yet, and nothing was looked for. */
  check(asker: Asker): Promise<'ask' | 'no' | 'current' | 'skipped' | 'offered' | 'failed'>
  /** The version before this one, and no other; on the user's word alone. */
  lookBack(): Promise<'offered' | 'failed'>
  /** Of one that is offered or ready: never offered again by the clock. */
  skip(): Promise<void>
  download(): Promise<'ready' | 'stopped' | 'failed'>
  /** Of a download: it is offered again. */
  stop(): void
  /** `busy`: something runs; nothing was done. `installing`: the application ends, or goes on and says why it does. */
  install(): Promise<'installing' | 'busy' | 'failed'>
}

interface Installing {
  to: string
  late?: NodeJS.Timeout
}

const resting: UpdateState = { phase: 'resting', version: null, notes: '', back: false, part: 0, reason: null }
/** Milliseconds: copying, checking and unpacking take long on a slow disk; a hidden application that waits for nothing must not. */
const patience = 10 * 60_000
/** Characters of notes that are shown. */
const longestNotes = 20_000

export function createUpdates(deps: UpdateDependencies): Updates {
  const { updater, current, settings, work, end, resume, now, log, changed = () => {} } = deps
  let state = resting
  let running = false
  let installing: Installing | undefined
  let fetching: CancellationToken | undefined
  let given: Promise<void> = Promise.resolve()
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
    updater.on('download-progress', ({ percent }) => {
      if (state.phase === 'downloading') become({ part: Math.min(1, Math.max(0, percent / 100)) })
    })
    // Of everything but installing told by what was called, too.
    updater.on('error', error => giveUp(updater, error))
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

  /** What is done at once is: whoever fails late may still end the application in the same turn. */
  function giveUp(updater: Updater, error: unknown): void {
    if (!installing) return
    const { to, late } = installing
    installing = undefined
    clearTimeout(late)
    log.error('an update could not be installed', { version: to, error })
    // With it a second time is passed over without a word.
    Object.assign(updater, { quitAndInstallCalled: false })
    const resumed = resume()
    given = settings
      .read()
      .then(known => settings.write({ ...known, installing: null }))
      .catch(error => log.warn('that nothing was installed is not kept', { error }))
      .then(() => become({ phase: 'ready', reason: { code: 'update-not-installed', values: { version: to } } }))
      .then(() => resumed)
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
    async begin() {
      const known = await settings.read()
      if (!known.installing) return
      const { settings: settled, failed } = settleInstall(known, current)
      await settings.write(settled)
      if (failed === undefined) return
      log.warn('an update was not installed', { version: failed })
      become({ ...resting, reason: { code: 'update-not-installed', values: { version: failed } } })
    },
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
      // One that is on its way is stopped first: it would be ready after all, and nobody would know what.
      if ((state.phase !== 'offered' && state.phase !== 'ready') || state.version === null) return
      // To stay is no word on the version that one came from.
      if (!state.back) await settings.write({ ...(await settings.read()), skipped: state.version })
      become(resting)
    },
    download: () =>
      alone(async updater => {
        if (state.phase === 'ready') return 'ready' as const
        if (state.phase !== 'offered') throw new AppError('update-missing')
        // Loaded long since, with the updater itself.
        const electronUpdater = await import('electron-updater')
        const token = new electronUpdater.CancellationToken()
        fetching = token
        become({ phase: 'downloading', part: 0, reason: null })
        try {
          await updater.downloadUpdate(token)
        } catch (error) {
          if (!token.cancelled) throw error
          become({ phase: 'offered', part: 0 })
          return 'stopped' as const
        } finally {
          fetching = undefined
        }
        become({ phase: 'ready', part: 1 })
        return 'ready' as const
      }, 'offered'),
    stop: () => fetching?.cancel(),
    install: () =>
      alone(async updater => {
        const { phase, version: to } = state
        if (phase !== 'ready' || to === null || installing) throw new AppError('update-missing')
        if (isMidWork(await work())) {
          become({ reason: { code: 'update-busy' } })
          return 'busy'
        }
        // It is there when it starts, and not before.
        await settings.write({ ...(await settings.read()), installing: { from: current, to } })
        log.info('an update is installed', { version: to })
        const mine: Installing = { to }
        installing = mine
        try {
          await end()
          mine.late = setTimeout(() => giveUp(updater, new Error('nothing came of it')), patience)
          updater.quitAndInstall(false, true)
        } catch (error) {
          giveUp(updater, error)
        }
        if (installing === mine) return 'installing'
        await given
        return 'failed'
      }, 'ready'),
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
