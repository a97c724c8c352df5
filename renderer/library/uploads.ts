import { ApiError } from '../../shared/api/api-error.ts'
import type { Upload as Outcome, Session } from '../../shared/api/index.ts'
import { toAppError } from '../../shared/errors.ts'
import type { Reason } from '../../shared/model/index.ts'
import { type Sendable, sendFile } from '../api/send-file.ts'
import type { Desktop } from '../desktop.ts'
import { createStore, type Store } from '../store.ts'

/** A file on its way to the server. */
export interface Upload {
  key: number
  projectId: string
  /** With the folders it came from. */
  name: string
  size: number
  state: 'waiting' | 'sending' | 'storing' | 'added' | 'known' | 'refused' | 'stopped'
  sent: number
  problem: Problem | null
}

/** Said by the server in the user's language, or found here before anything was sent. */
export type Problem =
  | { kind: 'said'; text: string; reason: Reason }
  | { kind: 'too-large' }
  | { kind: 'wrong-kind'; reason: Reason }

export interface Uploads {
  readonly list: Store<readonly Upload[]>
  /** Hidden files that a folder held. */
  readonly skipped: Store<number>
  add(projectId: string, files: readonly { file: Sendable; name: string }[]): void
  /** Everything that has not arrived yet. */
  stop(): void
  /** Forgets what is over. */
  clear(): void
}

/** Two at a time keep disk and network busy; more only take connections from the rest of the page. */
const lanes = 2

export function createUploads({
  session,
  language,
  desktop,
  arrived,
  refused,
}: {
  session: () => Session
  language: () => string
  desktop: Pick<Desktop, 'bridge' | 'transfers' | 'leaveHanded'> | null
  /** At least one file has been stored. */
  arrived(projectId: string): void
  /** The server no longer knows this browser. */
  refused(): void
}): Uploads {
  const list = createStore<readonly Upload[]>([])
  const skipped = createStore(0)
  const waiting: { key: number; file: Sendable }[] = []
  let control = new AbortController()
  let keys = 0
  let running = 0

  const change = (key: number, changed: Partial<Upload>) =>
    list.change(all => {
      const at = all.findIndex(upload => upload.key === key)
      const upload = all[at]
      return upload ? all.with(at, { ...upload, ...changed }) : all
    })

  async function send(key: number, file: Sendable): Promise<void> {
    const upload = list.get().find(one => one.key === key)
    if (!upload || upload.state === 'stopped') return
    const { projectId, name } = upload
    // `stop` puts another in its place.
    const { signal } = control
    change(key, { state: 'sending' })
    try {
      const { results } = (await sendFile({
        url: `/api/v1/projects/${projectId}/documents`,
        field: 'files',
        file,
        name,
        transfers: desktop?.transfers ?? null,
        language: language(),
        signal,
        progress: (sent, total) => change(key, sent < total ? { sent } : { sent: file.size, state: 'storing' }),
      })) as { results: Outcome[] }
      const outcome = results[0]
      if (outcome?.problem) {
        const { code, values, detail } = outcome.problem
        change(key, { state: 'refused', problem: { kind: 'said', text: detail, reason: { code, values } } })
      } else change(key, { state: outcome?.added === false ? 'known' : 'added', sent: file.size })
      arrived(projectId)
    } catch (thrown) {
      if (signal.aborted) return change(key, { state: 'stopped' })
      const error = toAppError(thrown)
      if (error.code === 'unauthorized') refused()
      const text = error instanceof ApiError ? error.detail : ''
      change(key, {
        state: 'refused',
        problem: { kind: 'said', text, reason: { code: error.code, values: error.values } },
      })
    }
  }

  async function run(): Promise<void> {
    running += 1
    for (let next = waiting.shift(); next; next = waiting.shift()) await send(next.key, next.file)
    running -= 1
  }

  return {
    list,
    skipped,
    add(projectId, files) {
      const { maxFileSize, extensions } = session()
      const visible = files.filter(({ name }) => !name.split('/').some(part => part.startsWith('.')))
      skipped.change(count => count + files.length - visible.length)
      const fresh = visible.map(({ file, name }): Upload => {
        const problem = refusal(file, name, maxFileSize, extensions)
        const key = keys++
        if (!problem) waiting.push({ key, file })
        return { key, projectId, name, size: file.size, state: problem ? 'refused' : 'waiting', sent: 0, problem }
      })
      list.change(all => [...all, ...fresh])
      for (let lane = running; lane < lanes && waiting.length > 0; lane++) void run()
    },
    stop() {
      waiting.length = 0
      control.abort()
      control = new AbortController()
      list.change(all => all.map(one => (isOpen(one) ? { ...one, state: 'stopped' } : one)))
      desktop?.leaveHanded()
    },
    clear() {
      list.change(all => all.filter(isOpen))
      if (list.get().length === 0) void desktop?.bridge.leaveHanded({ all: false })
      skipped.set(0)
    },
  }
}

export function isOpen({ state }: Upload): boolean {
  return state === 'waiting' || state === 'sending' || state === 'storing'
}

/** What the server would refuse anyway need not travel there. */
function refusal(file: Sendable, name: string, limit: number, extensions: readonly string[]): Problem | null {
  if (file.size > limit) return { kind: 'too-large' }
  const extension = /\.([^./]+)$/.exec(name)?.[1]?.toLowerCase() ?? ''
  if (extensions.includes(extension)) return null
  return { kind: 'wrong-kind', reason: { code: 'unsupported-type', values: { name } } }
}
