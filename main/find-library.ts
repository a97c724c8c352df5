/** Asks for the library until it is there. */
import type { Translate } from '../shared/messages/index.ts'
import { type Library, openLibrary } from './open-library.ts'
import type { Shell } from './shell.ts'

type Options = Parameters<typeof openLibrary>[0]

/** Milliseconds: a look at a folder takes one or two, one at a drive that is gone may take for ever. */
const patience = 15_000

/** Never resolves where nobody wants to wait for it any more, or to have it where it is now. */
export async function findLibrary({
  words,
  shell,
  named,
  lateAfter = patience,
  ...options
}: Omit<Options, 'shell' | 'anew'> & { shell: Shell; words: Translate; lateAfter?: number }): Promise<Library> {
  let anew: string | undefined
  for (let folder = named; ; ) {
    const found = await openInTime(folder)
    if ('server' in found) return found
    const moved = 'moved' in found
    const known = !moved && found.known
    const answer = await shell.ask({
      message: moved
        ? words('desktop.move.namedMoved', { folder: found.moved.from })
        : words('desktop.move.away', { folder: found.away }),
      detail: moved
        ? words('desktop.move.namedMovedDetail', { to: found.moved.to })
        : words(known ? 'desktop.move.awayKnownDetail' : 'desktop.move.awayDetail'),
      buttons: [
        words(moved ? 'desktop.move.openThere' : 'desktop.dialog.retry'),
        words('desktop.dialog.quit'),
        ...(known ? [words('desktop.move.beginAnew')] : []),
      ],
      cancel: 1,
      warning: true,
    })
    if (moved) folder = null
    if (known && answer === 2) anew = found.away
    if (answer !== 1) continue
    shell.exit(0)
    // Nothing is begun any more, however long the system takes to end this.
    await new Promise<never>(() => {})
  }

  async function openInTime(folder: string | null): ReturnType<typeof openLibrary> {
    const over = new AbortController()
    let timer: NodeJS.Timeout
    const wait = () => {
      timer = setTimeout(() => void ask(), lateAfter)
    }
    const ask = async () => {
      const answer = await shell.ask({
        message: words('desktop.slow.waiting'),
        detail: words('desktop.slow.waitingDetail'),
        buttons: [words('desktop.slow.wait'), words('desktop.dialog.quit')],
        cancel: 0,
        signal: over.signal,
      })
      if (over.signal.aborted) return
      if (answer === 1) shell.exit(0)
      else wait()
    }
    wait()
    try {
      return await openLibrary({ ...options, shell, named: folder, anew })
    } finally {
      over.abort()
      clearTimeout(timer!)
    }
  }
}
