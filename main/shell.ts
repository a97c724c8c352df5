/**
 * What is used of Electron, as plain values and functions: `index.ts` makes it of the real one, tests make another. Nothing in here decides
 * anything.
 */

import type { SafeStorage } from './keychain/safe-storage.ts'
import type { MenuAction, MenuItem } from './native/menu.ts'
import type { Spelling } from './native/spelling.ts'
import type { Rectangle } from './native/window-place.ts'
import type { Sender } from './safety/senders.ts'
import type { Channel } from './updates/channel.ts'
import type { FetchFile } from './updates/request.ts'
import type { Updater } from './updates/updates.ts'

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
    /** The built screen. */
    page: string
    /** What is replaced as a whole with the program. */
    program: string
  }
  readonly safeStorage: SafeStorage
  /** Of updates; undefined where the build names none. */
  readonly channel: Channel | undefined
  /** Its requests go this way, and no other. */
  connectUpdater(channel: Channel, fetchFile: FetchFile): Promise<Updater>
  openWindow(options: WindowOptions): ShellWindow
  setMenu(items: readonly MenuItem[]): void
  /** Replaces the one there is. */
  setTray(tray: { tooltip: string; items: readonly MenuItem[] } | null): void
  /** Whether the system shows that icon anywhere, as far as it can be known. */
  showsTray(): boolean | Promise<boolean>
  /** Between 0 and 1 on the dock's or the task bar's icon, or that something is in work; undefined removes it. */
  setProgress(part: number | 'unknown' | undefined): void
  notify(note: { title: string; body: string; clicked(): void }): void
  /** The number of the button that was pressed, counted from 0. */
  ask(question: Question): Promise<number>
  chooseFolder(title: string): Promise<string | undefined>
  chooseFiles(title: string): Promise<readonly string[]>
  /** With the system's own program, without a question: see `createExternal`. */
  openExternal(url: string): Promise<void>
  /** In the system's file manager. */
  showFolder(folder: string): Promise<void>
  addRecent(file: string): void
  clearRecent(): void
  /** Who may have keys of all programs the system asks its user, and tells nobody what came of it: Wayland. */
  readonly asksForKeys: boolean
  /** Null: none. False where another program has the keys. */
  setShortcut(keys: string | null, pressed: () => void): boolean
  setTheme(theme: 'light' | 'dark' | null): void
  /** `decide` is told what this Chromium could have. Nothing is fetched, whatever it says. */
  setSpelling(decide: (available: readonly string[]) => Promise<Spelling>): void
  /** Working areas, the main one first. */
  displays(): readonly Rectangle[]
  pointer(): { x: number; y: number }
  /** Without the files and links that this start was handed. False where nothing was started. */
  relaunch(): Promise<boolean>
  /** For whoever installs an update: another start of the program has it all from now on, and nothing keeps this one from being ended. */
  releaseInstance(): void
  /** False where another one has it already. */
  reclaimInstance(): boolean
  /** At once: everything has been put in order. */
  exit(code: number): void
}

export interface Question {
  message: string
  detail?: string
  buttons: readonly string[]
  /** Of the buttons: what Escape means. */
  cancel: number
  /** Of the buttons: what Enter means; the first without it. */
  usual?: number
  warning?: boolean
  /** Closes it when it fires, as Escape would. */
  signal?: AbortSignal
}

export interface WindowOptions {
  /** Behind `app://bundle/`: a view, as `#/ask`. */
  hash: string
  title: string
  place: Rectangle & { maximized?: boolean }
  /** Small, over everything, without a frame. */
  quick?: boolean
}

export interface ShellWindow {
  /** As `Sender.window` names it. */
  readonly id: number
  /** Brings it forward; from the tray, too. */
  focus(): void
  hide(): void
  /** Whatever `closing` says. */
  destroy(): void
  isVisible(): boolean
  isFocused(): boolean
  /** To the page, over the bridge. */
  send(message: unknown): void
  /** Resolves when it was printed, or not: until then its page must stay as it is to be printed. */
  print(): Promise<void>
  on(event: {
    /** Moved, resized, maximised. */
    placed?(place: Rectangle & { maximized: boolean }): void
    /** False keeps it from being closed. */
    closing?(): boolean
    closed?(): void
    blurred?(): void
    /** What shows the page is gone. */
    failed?(): void
    /** The page does not answer. */
    slow?(): void
  }): void
}

/** What Electron tells, and whom. */
export interface Desktop {
  /** Of `app://`. */
  handleRequest(request: Request): Promise<Response>
  /** Of the bridge. */
  handleCall(sender: Sender, call: unknown): Promise<unknown>
  /** True when the user agreed. */
  openExternal(url: string): Promise<boolean>
  /** The arguments of another start of the program, or what the system hands over. */
  handOver(given: readonly string[], workingDirectory: string): void
  choose(action: MenuAction): void
  /** The icon was clicked, with no window open. */
  activate(): void
  /** Once; then `Shell.exit`. Asks where something would be lost. */
  quit(): Promise<void>
  /** The system goes down: without a question. */
  end(): Promise<void>
}
