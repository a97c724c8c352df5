/**
 * What is used of Electron, as plain values and functions: `index.ts` makes it of the real one, tests make another. Nothing in here decides
 * anything.
 */
import type { MenuItem } from './native/menu.ts'
import type { Rectangle } from './native/window-place.ts'

export interface Shell {
  readonly platform: NodeJS.Platform
  /** Of the application. */
  readonly version: string
  /** As the system says, the best first (BCP 47). */
  readonly languages: readonly string[]
  readonly folders: {
    /** What the desktop itself remembers: not the library. */
    userData: string
    /** Where a socket may lie, the best first. */
    runtime: readonly string[]
  }
  openWindow(options: WindowOptions): ShellWindow
  setMenu(items: readonly MenuItem[]): void
  /** Replaces the one there is. */
  setTray(tray: { tooltip: string; items: readonly MenuItem[]; clicked(): void } | null): void
  /** Between 0 and 1 on the dock's or the task bar's icon; undefined removes it. */
  setProgress(part: number | undefined): void
  notify(note: { title: string; body: string; clicked?(): void }): void
  /** The number of the button that was pressed, counted from 0. */
  ask(question: { message: string; detail?: string; buttons: readonly string[]; cancel: number; warning?: boolean }): Promise<number>
  chooseFolder(title: string): Promise<string | undefined>
  chooseFiles(title: string): Promise<readonly string[]>
  /** With the system's own program; only after `decideExternal`. */
  openExternal(url: string): Promise<void>
  /** In the system's file manager. */
  showFolder(folder: string): Promise<void>
  addRecent(file: string): void
  /** False where another program has the keys. */
  setShortcut(keys: string | null, pressed: () => void): boolean
  setSpellChecker(languages: readonly string[]): void
  displays(): readonly Rectangle[]
  relaunch(): void
  /** At once: everything has been put in order. */
  exit(code: number): void
}

export interface WindowOptions {
  /** Of `app://bundle/`, with its hash. */
  url: string
  place: Rectangle & { maximized?: boolean }
  /** Small, over everything, without a frame. */
  quick?: boolean
}

export interface ShellWindow {
  /** Brings it forward; from the tray, too. */
  focus(): void
  hide(): void
  close(): void
  isVisible(): boolean
  /** To the page, over the bridge. */
  send(message: unknown): void
  print(): void
  /** Moved, resized, maximised. */
  onPlaced(hear: (place: Rectangle & { maximized: boolean }) => void): void
  /** True keeps it from being closed. */
  onClose(hear: () => boolean): void
}
