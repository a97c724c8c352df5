/**
 * Files that are not there any more, until it is decided what becomes of their documents: those of a few go to the trash, those of many
 * at once wait for a word. Whoever deletes a file means it; where most of a folder goes, or a folder in it with all its files, it is as
 * likely a disk that fails, a synchronisation gone wrong or a script, and what is in the trash does not stay for ever.
 */
import type { FolderIdentity, Reason, Scope, ShownMissing } from '../model/index.ts'
import type { Clock, FolderWatch } from '../ports.ts'
import { type FileRow, type FolderRow, missingSince, type Store } from '../store/index.ts'
import type { Files } from './take.ts'

/** Fewer are gone through by eye in the trash; whoever tidies up by hand is not asked each time. */
export const fewestAsked = 20
/** Milliseconds: so long what goes in one go is waited for at most, so that it counts as one. */
const longestWait = 60_000
const atOnce = 500

/** Whether its file went with too many others. */
export const isMissing = (reason: Reason | null) => reason?.code === 'file-gone' || reason?.code === 'file-awaited'

export interface Losses {
  readonly size: number
  /** It was not there for a while. What waits for a word already goes on waiting. */
  add(row: FileRow): void
  delete(path: string): void
  clear(): void
  /** `calm`: nothing else seems to be going. */
  isDue(calm: boolean): boolean
  /** To the trash, or asked about. */
  decide(identity: FolderIdentity, ending: AbortSignal): Promise<void>
  /** The word is said: documents whose file is still missing go to the trash, where those are no more than it was said of. */
  giveUp(identity: FolderIdentity, shown: ShownMissing, ending: AbortSignal): Promise<void>
}

export function createLosses({
  store,
  watch,
  files,
  clock,
  scope,
  folder,
  demandSame,
}: {
  store: Store
  watch: FolderWatch
  files: Files
  clock: Clock
  scope: Scope
  folder: Pick<FolderRow, 'id' | 'path' | 'ignore'>
  /** Throws where the folder is another one than a moment ago. */
  demandSame: (identity: FolderIdentity) => Promise<void>
}): Losses {
  const lost = new Map<string, number>()

  async function absent(paths: readonly string[], ending: AbortSignal): Promise<string[]> {
    const gone = new Set<string>()
    for await (const entries of watch.scan(folder.path, { ignore: folder.ignore, at: paths }, ending))
      for (const entry of entries) if (entry.type === 'absent') gone.add(entry.path)
    return paths.filter(path => gone.has(path))
  }

  /** Those that are too many to go unasked. */
  async function tooMany(gone: readonly string[]): Promise<(path: string) => boolean> {
    if (gone.length < fewestAsked) return () => false
    if (gone.length * 2 > (await store.folders.countPresent(scope, folder.id))) return () => true
    const inFolder = new Map<string, number>()
    for (const path of gone)
      for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
        const above = path.slice(0, end)
        inFolder.set(above, (inFolder.get(above) ?? 0) + 1)
      }
    const whole: string[] = []
    // From the outermost on: what lies in one that went needs no look of its own.
    for (const [above, count] of [...inFolder].sort(([one], [other]) => one.length - other.length)) {
      if (count < fewestAsked || whole.some(outer => above.startsWith(outer))) continue
      if ((await store.folders.countPresent(scope, folder.id, above)) === count) whole.push(`${above}/`)
    }
    return path => whole.some(outer => path.startsWith(outer))
  }

  async function missingUntil(time: number): Promise<string[]> {
    const paths: string[] = []
    for (let after: string | undefined; ; ) {
      const page = { limit: atOnce, ...(after !== undefined && { after }) }
      const rows = await store.folders.missing(scope, folder.id, page)
      if (rows.length === 0) return paths
      for (const { path, refused } of rows) if (refused && missingSince(refused) <= time) paths.push(path)
      after = rows.at(-1)?.path
    }
  }

  return {
    get size() {
      return lost.size
    },
    add({ path, refused }) {
      if (!isMissing(refused) && !lost.has(path)) lost.set(path, performance.now())
    },
    delete: path => void lost.delete(path),
    clear: () => lost.clear(),
    isDue(calm) {
      const [first] = lost.values()
      return first !== undefined && (calm || performance.now() - first > longestWait)
    },
    async decide(identity, ending) {
      const all = [...lost.keys()]
      const gone: string[] = []
      for (let at = 0; at < all.length; at += atOnce) gone.push(...(await absent(all.slice(at, at + atOnce), ending)))
      await demandSame(identity)
      const waits = await tooMany(gone)
      const since = clock.now()
      for (const path of gone) {
        ending.throwIfAborted()
        const row = waits(path) ? (await store.folders.filesAt(scope, folder.id, [path])).get(path) : undefined
        if (row) await files.refuse(path, row, { code: 'file-gone', values: { since } })
        else await files.retire(path)
        lost.delete(path)
      }
      // What is there again is looked at as anything else.
      for (const path of all) lost.delete(path)
    },
    async giveUp(identity, shown, ending) {
      const paths = await missingUntil(shown.until)
      // Some went in the same moment, and were not counted when it was shown: they are asked about anew.
      if (paths.length > shown.files) return
      for (let at = 0; at < paths.length; at += atOnce) {
        const gone = await absent(paths.slice(at, at + atOnce), ending)
        await demandSame(identity)
        for (const path of gone) {
          ending.throwIfAborted()
          await files.retire(path)
        }
      }
    },
  }
}
