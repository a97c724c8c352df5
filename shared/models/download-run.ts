/** One download from its beginning, or from where another process left it, to the model in its folder. */
import { rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { AppError, reasonOf, toAppError } from '../errors.ts'
import type { Download } from '../model/index.ts'
import { differ } from './download-answer.ts'
import type { Fetch, Work } from './download-attempt.ts'
import { type Lock, type LockDependencies, takeLock } from './download-lock.ts'
import { openPart, type Part } from './download-part.ts'
import { hostOf, type Trust } from './download-source.ts'
import {
  type DownloadFiles,
  type DownloadState,
  readState,
  removeDownload,
  sizeOf,
  writeState,
} from './download-state.ts'
import { type TransferTimes, transfer } from './download-transfer.ts'
import { demandSpace, type ModelFiles } from './files.ts'
import type { Pins } from './pins.ts'

export interface RunDependencies {
  /** Of the models. */
  folder: string
  files: Pick<ModelFiles, 'take' | 'checksum'>
  pins: Pins
  fetchOf(trust: Trust): Fetch
  checkBeginning: Work['checkBeginning']
  /** Bytes of a model, at most. */
  limit: number
  lock: LockDependencies
  /** Milliseconds; `look`: between two looks how far another process is. */
  times: TransferTimes & { stall: number; drip: number; look: number }
}

/** What is to be fetched, and what it must be. */
export type Plan = Pick<DownloadState, 'name' | 'sources' | 'wanted' | 'pin'>

export const planFrom = ({ name, sources, wanted, pin }: DownloadState): Plan => ({ name, sources, wanted, pin })

/** Why a download ends before its time. `leave`: the process ends, and the next one goes on. */
export type Stop = 'pause' | 'cancel' | 'leave'

export interface Fetched {
  name: string
  size: number
  sha256: string
}

/** `stop`: says why, once the signal has fired. Throws what `transfer` and `ModelFiles.take` throw. */
export async function runDownload(
  deps: RunDependencies,
  plan: Plan,
  paths: DownloadFiles,
  {
    signal,
    stop,
    tell,
    came,
  }: {
    signal: AbortSignal
    stop: () => Stop
    tell: (news: Partial<Download>) => void
    /** Bytes. */
    came: (bytes: number) => void
  },
): Promise<Fetched> {
  const lost = () => new AppError('download-elsewhere', { name: plan.name })
  let followed = false
  for (;;) {
    signal.throwIfAborted()
    const lock = await takeLock(paths.lock, deps.lock, lost)
    if (!lock) {
      followed = true
      await follow()
      continue
    }
    try {
      if (followed) {
        const found = await there()
        if (found) return found
        const before = await readState(paths.state)
        // Somebody stopped it there, and so for all who wait.
        if (!before || before.state === 'paused') throw new AppError('cancelled')
      }
      return await hold(lock)
    } finally {
      await lock.release()
    }
  }

  async function there(): Promise<Fetched | undefined> {
    const found = await stat(path.join(deps.folder, plan.name)).catch(() => undefined)
    return found && { name: plan.name, size: found.size, sha256: (await deps.files.checksum(plan.name)) ?? '' }
  }

  /** As far as the process is that has it. */
  async function follow(): Promise<void> {
    const far = await readState(paths.state)
    if (far) {
      const host = far.said && hostOf(far.said.url)
      tell({ state: 'active', received: far.durable, size: sizeOf(far), host })
    }
    await pause(deps.times.look, undefined, { signal })
  }

  async function hold(lock: Lock): Promise<Fetched> {
    const state = continued(plan, await readState(paths.state))
    tell({ state: 'checking', received: 0, size: sizeOf(state) })
    await writeState(paths.state, state)
    let part: Part | undefined
    try {
      part = await openPart(paths.part, {
        durable: state.durable,
        signal,
        reading: received => tell({ received }),
        async saved(durable) {
          // Others write to the disk too, the database among them.
          await Promise.all([lock.check(), durable === 0 ? undefined : demandSpace(deps.folder, 0)])
          state.durable = durable
          await writeState(paths.state, state)
        },
      })
      const fetched = await fetchInto(part, state)
      tell({ state: 'checking', host: null })
      await part.close()
      await lock.check()
      await deps.files.take(paths.part, { name: plan.name, sha256: fetched.sha256 })
      await remember(state, fetched.sha256)
      await removeDownload(paths)
      return { name: plan.name, ...fetched }
    } catch (error) {
      const known = signal.aborted ? new AppError('cancelled', {}, { cause: error }) : toAppError(error)
      await part?.sync().catch(() => {})
      await part?.close()
      // Whoever has it now writes down what becomes of it.
      if (known.code !== 'download-elsewhere') await end(state, known)
      throw known
    }
  }

  /** What nobody vouched for changes nothing of what is remembered. */
  async function remember({ pin, sources }: DownloadState, sha256: string): Promise<void> {
    if (pin !== null) return deps.pins.learn(pin, sha256)
    // What follows the path may be a key.
    const [address] = sources[0]?.url.split('?') ?? []
    if (address !== undefined && !(await deps.pins.get(address))) await deps.pins.learn(address, sha256)
  }

  async function fetchInto(part: Part, state: DownloadState) {
    const { fetchOf, checkBeginning, limit, folder, times } = deps
    const work = {
      part,
      partFile: paths.part,
      state,
      fetchOf,
      checkBeginning,
      demandSpace: (bytes: number) => demandSpace(folder, bytes),
      limit,
      stall: times.stall,
      drip: times.drip,
      signal,
      progress(bytes: number) {
        came(bytes)
        tell({ state: 'active', received: part.length, size: sizeOf(state), reason: null })
      },
    }
    return transfer(work, times, news => {
      const received = part.length
      if ('waiting' in news) tell({ state: 'waiting', received, reason: reasonOf(news.waiting) })
      else tell({ state: 'active', received, size: sizeOf(state), host: hostOf(news.source.url), reason: null })
    })
  }

  /** What is kept of one that did not come to its end. */
  async function end(state: DownloadState, error: AppError): Promise<void> {
    if (signal.aborted && stop() === 'leave') return
    if (signal.aborted && stop() === 'cancel') return removeDownload(paths)
    // Whole, and of no use to anybody.
    if (error.code === 'model-invalid' || error.code === 'model-unsupported') {
      await rm(paths.part, { force: true })
      state.durable = 0
      state.said = null
    }
    const ended = signal.aborted ? { state: 'paused' as const } : { state: 'failed' as const, reason: reasonOf(error) }
    await writeState(paths.state, { ...state, ...ended }).catch(() => {})
  }
}

/** What an earlier process has of the same file counts; what it has of another one does not. */
export function continued(plan: Plan, before: DownloadState | undefined): DownloadState {
  const begun: DownloadState = {
    version: 1,
    ...plan,
    linked: null,
    said: null,
    durable: 0,
    state: 'active',
    reason: null,
  }
  if (!before) return begun
  const isOurs = ({ url }: { url: string }) => plan.sources.some(source => source.url === url)
  const related = before.sources.some(isOurs)
  const wanted = related
    ? { sha256: plan.wanted.sha256 ?? before.wanted.sha256, size: plan.wanted.size ?? before.wanted.size }
    : plan.wanted
  const linked =
    before.linked && isOurs(before.linked) && !differ(wanted.sha256, before.linked.sha256) ? before.linked : null
  const had = before.wanted.sha256 ?? before.linked?.sha256 ?? null
  const has = wanted.sha256 ?? linked?.sha256 ?? null
  const same = had !== null && has !== null ? had === has : related && !differ(plan.wanted.size, sizeOf(before))
  return same ? { ...begun, wanted, linked, said: before.said, durable: before.durable } : { ...begun, wanted, linked }
}
