/**
 * Fetches models into their folder. A download survives everything: cuts, pauses, the end of the program; nothing gets a name
 * in the folder that is not, byte for byte, what it should be. See docs/decisions/0007-models.md.
 */
import { createHash } from 'node:crypto'
import { mkdir, stat } from 'node:fs/promises'
import path from 'node:path'
import { AppError, reasonOf, toAppError } from '../errors.ts'
import type { Download } from '../model/index.ts'
import type { Log } from '../ports.ts'
import { isLocked, takeLock } from './download-lock.ts'
import { createRate } from './download-rate.ts'
import {
  continued,
  type Fetched,
  type Plan,
  planFrom,
  type RunDependencies,
  runDownload,
  type Stop,
} from './download-run.ts'
import { type Hubs, hostOf, type KnownModel, nameAt, sourcesOf } from './download-source.ts'
import {
  type DownloadFiles,
  type DownloadState,
  downloadsName,
  readState,
  readStates,
  removeDownload,
  sizeOf,
  writeState,
} from './download-state.ts'
import { usualTimes } from './download-transfer.ts'
import { isPlainModelName } from './file-name.ts'
import { createPins, pinsName } from './pins.ts'

export interface DownloadRequest {
  /** The name of a known model, or an address. */
  source: string
  /** What its bytes must have; also instead of what was known of it so far. */
  sha256?: string
  /** What the file is to be called; otherwise as at its address. */
  name?: string
}

export interface Downloads {
  /**
   * Begins or goes on with it; one that is under way is shared. One that is there already is `done`. Throws
   * `download-address`, `download-unnamed`, `model-exists`, `download-other` where something of another file is there under its
   * name; what goes wrong later is told by the download.
   */
  start(request: DownloadRequest): Promise<Download>
  /** By name. */
  list(): Promise<Download[]>
  get(name: string): Promise<Download | undefined>
  /** What is there stays. Throws `download-not-found`, `download-elsewhere`. */
  pause(name: string): Promise<Download>
  /** Throws `download-not-found`. */
  resume(name: string): Promise<Download>
  /** What is there goes. Throws `download-not-found`, `download-elsewhere`. */
  cancel(name: string): Promise<void>
  /** Resolves when the model is there. Throws why it will not be; `cancelled` when it was paused or cancelled, here or elsewhere. */
  finished(name: string, signal?: AbortSignal): Promise<Fetched>
  /** Goes on with those that an earlier process did not end, and nobody paused. */
  recover(): Promise<void>
  /** Stops them all; the next process can go on. */
  close(): Promise<void>
}

export interface DownloadDependencies extends Omit<RunDependencies, 'pins' | 'times'> {
  hubs: Hubs
  /** Undefined for a name that nobody knows. */
  find(name: string): KnownModel | undefined
  log: Log
  /** Something is new about this one: of its state at once, of its progress some times a second. */
  changed?: (name: string) => void
  times?: Partial<RunDependencies['times']>
}

/** Of a server without a byte: Node's own limits are ten times as long. */
const stall = 30_000
/** As long as it is waited whether a source that sends next to nothing gets faster. */
const drip = 60_000
const look = 500
/** Milliseconds between two words on the progress of one. */
const breath = 250
/** At once: a third would only make all of them slower. */
const parallel = 2

interface Entry {
  plan: Plan
  status: Download
  control: AbortController
  stop: Stop
  ended: Promise<Fetched>
}

export function createDownloads(deps: DownloadDependencies): Downloads {
  const { folder, log, changed = () => {} } = deps
  const place = path.join(folder, downloadsName)
  const pins = createPins(path.join(folder, pinsName))
  const times = { ...usualTimes, stall, drip, look, ...deps.times }
  const entries = new Map<string, Entry>()
  const queue: (() => void)[] = []
  let busy = 0

  /** Names may be as long as a file system takes; what stands beside them must be no longer. */
  function filesOf(name: string): DownloadFiles {
    const base = path.join(place, createHash('sha256').update(name).digest('hex').slice(0, 32))
    return { part: `${base}.part`, state: `${base}.json`, lock: `${base}.lock` }
  }

  async function planOf({ source, sha256, name: given }: DownloadRequest): Promise<Plan> {
    const known = deps.find(source)
    const urls = known?.urls ?? [source]
    const [key] = urls
    if (key === undefined) throw new AppError('download-address', { given: source.slice(0, 200) })
    const sources = sourcesOf(urls, known ? 'operator' : 'content', deps.hubs)
    const name = given ?? known?.file ?? nameAt(source)
    if (!isPlainModelName(name)) throw new AppError('download-unnamed', { given: name.slice(0, 200), context: 'name' })
    const pinned = known && !known.sha256 ? await pins.get(key) : undefined
    const wanted = { sha256: sha256 ?? known?.sha256 ?? pinned ?? null, size: known?.size ?? null }
    return { name, sources, wanted, pin: known ? key : null }
  }

  function run(plan: Plan): Entry {
    const control = new AbortController()
    const status: Download = { ...idle, name: plan.name, state: 'queued' }
    const rate = createRate()
    let told = 0
    let later: NodeJS.Timeout | undefined
    const tell = (news: Partial<Download>) => {
      const before = { ...status }
      Object.assign(status, news)
      if (status.state !== 'active') rate.stop()
      const rest = told + breath - performance.now()
      // The last word before a source falls silent is told, too.
      if (before.state === status.state && before.reason === status.reason && rest > 0) later ??= setTimeout(say, rest)
      else say()
    }
    const say = () => {
      clearTimeout(later)
      later = undefined
      told = performance.now()
      status.rate = rate.now()
      const left = status.size === null ? null : status.size - status.received
      status.secondsLeft = status.rate && left !== null ? Math.ceil(left / status.rate) : null
      changed(plan.name)
    }
    const entry: Entry = { plan, status, control, stop: 'leave', ended: go() }
    // Whoever waits hears of it; it is no failure of the program when nobody does.
    entry.ended.catch(() => {})
    entries.set(plan.name, entry)
    return entry

    async function go(): Promise<Fetched> {
      try {
        await turn(control.signal)
        try {
          const options = { signal: control.signal, stop: () => entry.stop, tell, came: rate.add }
          const fetched = await runDownload({ ...deps, pins, times }, plan, filesOf(plan.name), options)
          tell({ state: 'done', received: fetched.size, size: fetched.size, reason: null })
          return fetched
        } finally {
          busy -= 1
          queue.shift()?.()
        }
      } catch (error) {
        const known = toAppError(error)
        if (!control.signal.aborted && known.code === 'cancelled') tell({ state: 'paused', reason: null })
        else if (!control.signal.aborted) {
          log.warn('a model was not fetched', { name: plan.name, code: known.code, ...known.values })
          tell({ state: 'failed', reason: reasonOf(known) })
        } else if (entry.stop !== 'leave') tell({ state: 'paused', reason: null })
        throw known
      } finally {
        clearTimeout(later)
        entries.delete(plan.name)
        changed(plan.name)
      }
    }
  }

  async function turn(signal: AbortSignal): Promise<void> {
    // What `run` gives back is in its place before anything begins.
    await Promise.resolve()
    while (busy >= parallel) {
      await new Promise<void>((resolve, reject) => {
        const stop = () => {
          queue.splice(queue.indexOf(next), 1)
          reject(signal.reason)
        }
        const next = () => {
          signal.removeEventListener('abort', stop)
          resolve()
        }
        signal.addEventListener('abort', stop, { once: true })
        queue.push(next)
      })
    }
    busy += 1
  }

  async function halt(entry: Entry, stop: Stop): Promise<void> {
    entry.stop = stop
    entry.control.abort(new AppError('cancelled'))
    await entry.ended.catch(() => {})
  }

  /** What is there of one that does not run here. Throws `download-not-found`, and `download-elsewhere` if it runs elsewhere. */
  async function demandResting(name: string): Promise<DownloadState> {
    const state = await readState(filesOf(name).state)
    if (!state) throw new AppError('download-not-found', { name })
    if (await isLocked(filesOf(name).lock, deps.lock)) throw new AppError('download-elsewhere', { name })
    return state
  }

  async function statusOf(state: DownloadState): Promise<Download> {
    const { name, durable: received, said, reason } = state
    const elsewhere = state.state === 'active' && (await isLocked(filesOf(name).lock, deps.lock))
    // Nobody is at it, so somebody must say that it is to go on.
    const shown = state.state === 'active' && !elsewhere ? 'paused' : state.state
    const host = elsewhere && said ? hostOf(said.url) : null
    return { ...idle, name, state: shown, received, size: sizeOf(state), host, reason }
  }

  /** Whether the model is there; of a process that was killed when it had just given it its name, the rest is done. */
  async function isThere(name: string): Promise<boolean> {
    const [model, part] = await Promise.all(
      [path.join(folder, name), filesOf(name).part].map(file => stat(file).catch(() => undefined)),
    )
    if (model && (!part || (part.ino === model.ino && part.dev === model.dev))) await removeDownload(filesOf(name))
    return model !== undefined
  }

  return {
    async start(request) {
      const plan = await planOf(request)
      await mkdir(place, { recursive: true, mode: 0o700 })
      const running = entries.get(plan.name)
      if (running) {
        if (isSame(running.plan, plan)) return { ...running.status }
        throw new AppError('download-other', { name: plan.name })
      }
      if (await isThere(plan.name)) {
        const { size } = await stat(path.join(folder, plan.name))
        const same = plan.wanted.sha256 !== null && plan.wanted.sha256 === (await deps.files.checksum(plan.name))
        if (!same) throw new AppError('model-exists', { name: plan.name })
        return { ...idle, name: plan.name, state: 'done', received: size, size }
      }
      const { state } = filesOf(plan.name)
      const before = await readState(state)
      if (
        before &&
        isOther(before, plan) &&
        (before.durable > 0 || (await isLocked(filesOf(plan.name).lock, deps.lock)))
      )
        throw new AppError('download-other', { name: plan.name })
      // Known from now on, also while others come first.
      if (!before) await writeState(state, continued(plan, undefined))
      return { ...(entries.get(plan.name) ?? run(plan)).status }
    },
    async list() {
      const resting = (await readStates(place)).filter(({ name }) => !entries.has(name))
      const all = [
        ...[...entries.values()].map(({ status }) => ({ ...status })),
        ...(await Promise.all(resting.map(statusOf))),
      ]
      return all.sort((a, b) => (a.name < b.name ? -1 : 1))
    },
    async get(name) {
      const running = entries.get(name)
      if (running) return { ...running.status }
      const state = await readState(filesOf(name).state)
      return state && statusOf(state)
    },
    async pause(name) {
      const running = entries.get(name)
      if (running) await halt(running, 'pause')
      const left = running && (await readState(filesOf(name).state))
      // Whoever followed it looks at it for a moment now.
      if (left?.state === 'paused') return statusOf(left)
      const state = await demandResting(name)
      if (state.state === 'active') await writeState(filesOf(name).state, { ...state, state: 'paused' })
      return statusOf({ ...state, state: state.state === 'active' ? 'paused' : state.state })
    },
    async resume(name) {
      const running = entries.get(name)
      if (running) return { ...running.status }
      const state = await readState(filesOf(name).state)
      if (!state) throw new AppError('download-not-found', { name })
      return { ...(entries.get(name) ?? run(planFrom(state))).status }
    },
    async cancel(name) {
      const running = entries.get(name)
      if (running) await halt(running, 'cancel')
      // Whoever was at it has tidied up; whoever waited, for a turn or for another process, has not.
      if (running && !(await readState(filesOf(name).state))) return
      await demandResting(name)
      const elsewhere = () => new AppError('download-elsewhere', { name })
      const lock = await takeLock(filesOf(name).lock, deps.lock, elsewhere)
      if (!lock) throw elsewhere()
      await removeDownload(filesOf(name)).finally(() => lock.release())
      changed(name)
    },
    async finished(name, signal) {
      const running = entries.get(name)
      if (!running) throw new AppError('download-not-found', { name })
      if (!signal) return running.ended
      signal.throwIfAborted()
      return new Promise((resolve, reject) => {
        const leave = () => reject(signal.reason)
        signal.addEventListener('abort', leave, { once: true })
        running.ended.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave))
      })
    },
    async recover() {
      for (const state of await readStates(place)) {
        if (state.state !== 'active' || entries.has(state.name) || (await isThere(state.name))) continue
        run(planFrom(state))
      }
    },
    async close() {
      await Promise.all([...entries.values()].map(entry => halt(entry, 'leave')))
    },
  }
}

const idle = { host: null, received: 0, size: null, rate: null, secondsLeft: null, reason: null }

function isSame(a: Plan, b: Plan): boolean {
  if (a.wanted.sha256 !== null && b.wanted.sha256 !== null) return a.wanted.sha256 === b.wanted.sha256
  return shareSource(a, b)
}

/** Neither its address nor its checksum says that it is the file of which something is there. */
function isOther(before: DownloadState, plan: Plan): boolean {
  const had = before.wanted.sha256 ?? before.linked?.sha256 ?? null
  return !shareSource(before, plan) && (had === null || had !== plan.wanted.sha256)
}

function shareSource(a: Pick<Plan, 'sources'>, b: Pick<Plan, 'sources'>): boolean {
  return a.sources.some(({ url }) => b.sources.some(other => other.url === url))
}
