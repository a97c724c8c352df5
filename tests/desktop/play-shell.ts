/** Electron for tests of the desktop's life: windows, menus and questions are played, and noted. */
import path from 'node:path'
import type { MenuItem } from '../../main/native/menu.ts'
import type { Question, Shell, ShellWindow, WindowOptions } from '../../main/shell.ts'
import type { DesktopMessage } from '../../shared/api/desktop.ts'

export interface PlayedWindow {
  options: WindowOptions
  window: ShellWindow
  events: Parameters<ShellWindow['on']>[0]
  heard: DesktopMessage[]
  destroyed: boolean
}

export interface Played {
  shell: Shell
  windows: PlayedWindow[]
  questions: Question[]
  menu: readonly MenuItem[]
  shown: string[]
  exited: number | undefined
  press: (() => void) | undefined
  /** What is chosen where a folder is asked for. */
  folder: string | undefined
  /** Of the icon. */
  progress: (number | 'unknown' | undefined)[]
  /** What is pressed, by what is asked; the first button without it. */
  answer: (question: Question) => number | Promise<number>
  /** Whether the system shows icons of programs. */
  showsTray: boolean | Promise<boolean>
  /** How often it was to be started anew. */
  relaunched: number
  /** Whether something comes of that. */
  relaunches: boolean
}

/** `folder`: in which all of it lies. */
export function playShell(folder: string): Played {
  const state: Played = {
    shell: undefined as unknown as Shell,
    windows: [],
    questions: [],
    menu: [],
    shown: [],
    exited: undefined,
    press: undefined,
    folder: undefined,
    progress: [],
    relaunched: 0,
    relaunches: true,
    showsTray: true,
    answer: () => 0,
  }
  state.shell = {
    platform: 'linux',
    version: '0.1.0',
    languages: ['de-AT'],
    folders: {
      userData: path.join(folder, 'window'),
      runtime: [folder],
      page: path.join(folder, 'page'),
      program: path.join(folder, 'program'),
    },
    safeStorage: {
      isAvailable: async () => false,
      backend: () => 'basic_text',
      encrypt: async () => new Uint8Array(),
      decrypt: async () => '',
    },
    channel: undefined,
    connectUpdater: () => Promise.reject(new Error('there is no channel')),
    openWindow(options) {
      const one: PlayedWindow = {
        options,
        events: {},
        heard: [],
        destroyed: false,
        window: {
          id: state.windows.length + 1,
          focus() {},
          hide() {},
          destroy() {
            one.destroyed = true
            one.events.closed?.()
          },
          isVisible: () => true,
          isFocused: () => false,
          send: message => void one.heard.push(message as DesktopMessage),
          print: async () => void state.shown.push('print'),
          on(events) {
            one.events = events
          },
        },
      }
      state.windows.push(one)
      return one.window
    },
    setMenu(items) {
      state.menu = items
    },
    setTray() {},
    showsTray: () => state.showsTray,
    setProgress: part => void state.progress.push(part),
    notify: ({ title }) => void state.shown.push(title),
    async ask(question) {
      state.questions.push(question)
      const { signal, cancel } = question
      if (signal?.aborted) return cancel
      const closed = new Promise<number>(resolve => signal?.addEventListener('abort', () => resolve(cancel)))
      return Promise.race([state.answer(question), closed])
    },
    chooseFolder: async () => state.folder,
    chooseFiles: async () => [],
    openExternal: async url => void state.shown.push(url),
    showFolder: async shown => void state.shown.push(shown),
    addRecent: file => void state.shown.push(`recent ${path.basename(file)}`),
    clearRecent() {},
    asksForKeys: false,
    setShortcut(keys, pressed) {
      state.press = keys === null ? undefined : pressed
      return true
    },
    setTheme() {},
    setSpelling() {},
    displays: () => [{ x: 0, y: 0, width: 1920, height: 1040 }],
    pointer: () => ({ x: 5, y: 5 }),
    async relaunch() {
      state.relaunched += 1
      return state.relaunches
    },
    releaseInstance: () => void state.shown.push('released'),
    reclaimInstance() {
      state.shown.push('reclaimed')
      return true
    },
    exit(code) {
      state.exited = code
    },
  }
  return state
}
