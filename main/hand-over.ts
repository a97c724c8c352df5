/** What a start, a second one or the system hands over, and what is chosen in the menu: links are followed, files offered to the page. */
import type { Translate } from '../shared/messages/index.ts'
import type { Log } from '../shared/ports.ts'
import type { HandedFiles } from './bridge/handed-files.ts'
import { hashOfLink, isLink } from './native/deep-links.ts'
import { mostHanded, readHanded } from './native/handed-files.ts'
import { withRecent } from './native/recent.ts'
import type { PreferenceStore } from './preferences.ts'
import { askToFollow, tellUnread } from './questions.ts'
import type { Shell } from './shell.ts'
import type { Windows } from './windows.ts'

export interface HandOver {
  /** The words of a start, by its working directory. */
  words(given: readonly string[], workingDirectory: string): void
  /** Files and folders, to be added. */
  files(paths: readonly string[]): Promise<void>
}

export function createHandOver({
  shell,
  words,
  windows,
  handed,
  preferences,
  look,
  isEnding,
  log,
}: {
  shell: Pick<Shell, 'ask' | 'addRecent' | 'platform'>
  words: () => Translate
  windows: Pick<Windows, 'show' | 'tell'>
  handed: Pick<HandedFiles, 'offer'>
  preferences: PreferenceStore
  /** Shows anew what was opened of late. */
  look(): void
  isEnding(): boolean
  log: Log
}): HandOver {
  async function offer(paths: readonly string[], { more = false, unread = [] as readonly string[] } = {}) {
    const offered = await handed.offer(paths, () => windows.tell({ type: 'handed' }))
    const asking = { shell, words: words() }
    const missing = [...unread, ...offered.unread]
    // Nobody waits for what the user says to it.
    if (missing.length > 0) void tellUnread(asking, missing)
    if (more || offered.more) void askToFollow(asking, mostHanded).then(wanted => wanted && windows.show('#/folders'))
    if (!preferences.get().keepRecent || paths.length === 0) return
    let { recent } = preferences.get()
    for (const file of paths) {
      recent = withRecent(recent, file, shell.platform)
      shell.addRecent(file)
    }
    await preferences.change({ recent })
    look()
  }

  async function take(given: readonly string[], cwd: string): Promise<void> {
    const { files, links, refused, more } = await readHanded(given, { cwd })
    if (isEnding()) return
    windows.show()
    for (const link of links) windows.tell({ type: 'go', hash: hashOfLink(link) })
    // Any page of the web may hold a link, and what it says is its own.
    await offer(files, { more, unread: refused.filter(word => !isLink(word)) })
  }

  return {
    words: (given, cwd) => void take(given, cwd).catch(error => log.error('what was handed over is left', { error })),
    files: paths => offer(paths),
  }
}
