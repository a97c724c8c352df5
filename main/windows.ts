/** The window and the small one over everything: which are there, and how their pages are spoken to. */
import type { DesktopMessage } from '../shared/api/desktop.ts'
import type { BridgeRouter } from './bridge/router.ts'
import { displayAt, fitWindow, placeQuickWindow } from './native/window-place.ts'
import type { PreferenceStore } from './preferences.ts'
import type { Shell, ShellWindow } from './shell.ts'

export interface Windows {
  /** Opened where there is none, and brought forward. */
  show(hash?: string): ShellWindow
  /** The small window; a second time hides it. */
  toggleQuick(): void
  hideQuick(): void
  isQuick(id: number): boolean
  /** To the page of the window, which is opened for it. */
  tell(message: DesktopMessage): void
  isInFront(): boolean
  find(id: number): ShellWindow | undefined
  /** All of them, whatever they say. */
  destroy(): void
}

/** So often within so many milliseconds the page is opened anew without a question. */
const mostFailures = 2
const patient = 60_000
/** Milliseconds: dragging a window tells its place sixty times a second. */
const rest = 500

export function createWindows({
  shell,
  router,
  preferences,
  title,
  stays,
  hidden,
  gone,
  away,
  back,
  troubled,
  forget,
}: {
  shell: Shell
  router: () => BridgeRouter
  preferences: PreferenceStore
  title(): string
  /** Whether the application goes on without a window: it is hidden then, and quick to come back. */
  stays(): boolean | Promise<boolean>
  /** It goes on without. */
  hidden(): void
  /** The last one was closed, or is to be: it stays until the application ends. */
  gone(): void
  /** It is about to go, or out of sight, and what stands over it goes, too. */
  away(): void
  /** It is there, or another one. */
  back(): void
  /** Asks whether the page is to be opened anew. `signal`: the window is gone, and what is answered then is no word about the next one. */
  troubled(how: 'crashed' | 'slow', signal: AbortSignal): Promise<boolean>
  /** What was kept of a window goes. */
  forget(id: number): void
}): Windows {
  let main: ShellWindow | undefined
  let quick: ShellWindow | undefined
  let timer: NodeJS.Timeout | undefined
  let failures: number[] = []

  function leave({ id }: ShellWindow): void {
    router().close(id)
    forget(id)
  }

  function open(hash: string): ShellWindow {
    const place = fitWindow(preferences.get().window ?? undefined, shell.displays())
    const window = shell.openWindow({ hash, title: title(), place })
    router().open(window.id, message => window.send(message))
    const over = new AbortController()
    const ask = (how: 'crashed' | 'slow') => troubled(how, over.signal)
    let asking = false
    function leaveOr(stay: boolean): void {
      // Another one has taken its place while it was asked whether it may go.
      if (main !== window) return
      // With its page files that are on their way would be lost: that is asked about first.
      if (!stay) gone()
      else {
        away()
        window.hide()
        hidden()
      }
    }
    window.on({
      placed(next) {
        clearTimeout(timer)
        timer = setTimeout(() => void preferences.change({ window: next }).catch(() => {}), rest)
      },
      closing() {
        const answer = stays()
        if (typeof answer === 'boolean') leaveOr(answer)
        // Nobody knows whether it would be found again.
        else void answer.catch(() => false).then(leaveOr)
        return false
      },
      closed() {
        over.abort()
        leave(window)
        // Another one has taken its place.
        if (main !== window) return
        main = undefined
        away()
        gone()
      },
      // What showed the page is gone, and nothing else: all that was said is the server's.
      failed() {
        const now = performance.now()
        failures = [...failures.filter(at => now - at < patient), now]
        // One that ends again and again would do so for ever.
        if (failures.length <= mostFailures) anew()
        else void ask('crashed').then(wanted => over.signal.aborted || (wanted ? anew() : gone()))
      },
      // What is being written and sent in it would be lost: that is for its user to say.
      slow() {
        if (asking) return
        asking = true
        void ask('slow')
          .then(wanted => wanted && !over.signal.aborted && anew())
          .finally(() => {
            asking = false
          })
      },
    })
    return window
  }

  function anew(): void {
    const before = main
    main = undefined
    away()
    before?.destroy()
    main = open('#/')
    back()
  }

  function show(hash?: string): ShellWindow {
    const there = main
    main ??= open(hash ?? '#/')
    if (there && hash !== undefined) router().tell(main.id, { type: 'go', hash })
    if (there) main.focus()
    back()
    return main
  }

  function openQuick(): ShellWindow {
    const display = displayAt(shell.pointer(), shell.displays()) ?? { x: 0, y: 0, width: 1280, height: 800 }
    const window = shell.openWindow({ hash: '#/', title: title(), place: placeQuickWindow(display), quick: true })
    router().open(window.id, message => window.send(message))
    window.on({
      blurred: () => window.hide(),
      closed() {
        leave(window)
        quick = undefined
      },
      failed: () => window.destroy(),
    })
    return window
  }

  return {
    show,
    toggleQuick() {
      if (quick?.isVisible()) return quick.hide()
      if (quick) return quick.focus()
      quick = openQuick()
    },
    hideQuick: () => quick?.hide(),
    isQuick: id => quick?.id === id,
    tell(message) {
      router().tell(show().id, message)
    },
    isInFront: () => main?.isFocused() === true || quick?.isFocused() === true,
    find: id => [main, quick].find(window => window?.id === id),
    destroy() {
      clearTimeout(timer)
      quick?.destroy()
      main?.destroy()
    },
  }
}
