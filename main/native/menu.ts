/** The menu as plain data: what stands in it and in which order follows the conventions of each system. */
import type { Messages, Translate } from '../../shared/messages/index.ts'
import { shownName } from './recent.ts'

/** What the system does by itself. */
export type MenuRole =
  | 'appMenu'
  | 'windowMenu'
  | 'help'
  | 'services'
  | 'hide'
  | 'hideOthers'
  | 'unhide'
  | 'quit'
  | 'close'
  | 'minimize'
  | 'zoom'
  | 'front'
  | 'togglefullscreen'
  | 'undo'
  | 'redo'
  | 'cut'
  | 'copy'
  | 'paste'
  | 'pasteAndMatchStyle'
  | 'selectAll'
  | 'resetZoom'
  | 'zoomIn'
  | 'zoomOut'

/** What the application does; whoever hears one does it, in main or in the page. */
export type MenuAction =
  | { name: 'new-question' }
  | { name: 'ask' }
  | { name: 'add-files' }
  | { name: 'add-folder' }
  | { name: 'follow-folder' }
  | { name: 'open-recent'; file: string }
  | { name: 'clear-recent' }
  | { name: 'print' }
  | { name: 'find' }
  | { name: 'settings' }
  | { name: 'theme'; value: 'light' | 'dark' | null }
  | { name: 'language'; value: 'de' | 'en' | null }
  | { name: 'notifications'; value: boolean }
  | { name: 'keep-recent'; value: boolean }
  | { name: 'tray'; value: boolean }
  | { name: 'shortcut' }
  | { name: 'protect-keys' }
  | { name: 'show-data' }
  | { name: 'move-data' }
  | { name: 'back-up' }
  | { name: 'backup-folder' }
  | { name: 'take-models' }
  | { name: 'show-log' }
  | { name: 'check-updates' }
  | { name: 'quick' }
  | { name: 'about' }
  | { name: 'show-window' }
  | { name: 'pause-all' }
  | { name: 'resume-all' }
  | { name: 'quit' }

export type MenuItem =
  | { type: 'separator' }
  /** Text that nobody can choose. */
  | { type: 'text'; label: string }
  | { type: 'role'; role: MenuRole; label: string; accelerator?: string }
  | {
      type: 'action'
      action: MenuAction
      label: string
      accelerator?: string
      enabled?: boolean
      /** One of several, or on and off; `checked` says which. */
      choice?: 'radio' | 'checkbox'
      checked?: boolean
      /** Only shown: the keys are the whole system's already. */
      shownOnly?: boolean
    }
  | { type: 'submenu'; label: string; items: readonly MenuItem[]; role?: MenuRole }

export interface MenuState {
  /** Null: as the system has it. */
  language: 'de' | 'en' | null
  theme: 'light' | 'dark' | null
  notifications: boolean
  /** Null where the system has no place for it. */
  tray: boolean | null
  keepRecent: boolean
  /** The keys that ask from anywhere; null: none. */
  shortcut: string | null
  recent: readonly string[]
  /** Whether nothing protects keys of providers, as no keychain was found. */
  unprotected: boolean
  /** Whether the library is open: not in safe mode, nor while it is moved. */
  open: boolean
  /** Whether something has it alone, as a move does: then nobody chooses what would touch it. */
  alone: boolean
}

export function menuOf({
  words,
  platform,
  state,
}: {
  words: Translate
  platform: NodeJS.Platform
  state: MenuState
}): MenuItem[] {
  const mac = platform === 'darwin'
  const text = (key: MenuWord) => {
    const label = words(`desktop.menu.${key}`)
    // Letters that open a menu with Alt are the other systems' custom.
    return mac ? label.replaceAll('&', '') : label
  }
  const separator: MenuItem = { type: 'separator' }
  const role = (role: MenuRole, key: MenuWord): MenuItem => ({ type: 'role', role, label: text(key) })
  const submenu = (key: MenuWord, items: readonly MenuItem[], role?: MenuRole): MenuItem => ({
    type: 'submenu',
    label: text(key),
    items,
    ...(role && { role }),
  })
  const action = (
    key: MenuWord,
    action: MenuAction,
    accelerator?: string,
    rest: { enabled?: boolean; shownOnly?: boolean } = {},
  ): MenuItem => ({ type: 'action', action, label: text(key), ...(accelerator && { accelerator }), ...rest })
  /** Only with the library open. */
  const inside = (key: MenuWord, what: MenuAction, accelerator?: string) =>
    action(key, what, accelerator, { enabled: state.open })
  const checkbox = (key: MenuWord, action: MenuAction, checked: boolean): MenuItem => ({
    type: 'action',
    action,
    label: text(key),
    choice: 'checkbox',
    checked,
  })
  const radios = <Value>(
    now: Value,
    choices: readonly (readonly [MenuWord, Value])[],
    actionOf: (value: Value) => MenuAction,
  ): MenuItem[] =>
    choices.map(([key, value]) => ({
      type: 'action',
      action: actionOf(value),
      label: text(key),
      choice: 'radio',
      checked: value === now,
    }))

  const settings: MenuItem[] = [
    inside('settings', { name: 'settings' }, 'CmdOrCtrl+,'),
    submenu(
      'theme',
      radios<MenuState['theme']>(
        state.theme,
        [
          ['themeSystem', null],
          ['themeLight', 'light'],
          ['themeDark', 'dark'],
        ],
        value => ({ name: 'theme', value }),
      ),
    ),
    submenu(
      'language',
      radios<MenuState['language']>(
        state.language,
        [
          ['languageSystem', null],
          ['languageGerman', 'de'],
          ['languageEnglish', 'en'],
        ],
        value => ({ name: 'language', value }),
      ),
    ),
    submenu('desktop', [
      checkbox('notifications', { name: 'notifications', value: !state.notifications }, state.notifications),
      ...(state.tray === null
        ? []
        : [checkbox(mac ? 'menuBar' : 'tray', { name: 'tray', value: !state.tray }, state.tray)]),
      checkbox('keepRecent', { name: 'keep-recent', value: !state.keepRecent }, state.keepRecent),
      action('shortcut', { name: 'shortcut' }),
      ...(state.unprotected ? [separator, inside('protectKeys', { name: 'protect-keys' })] : []),
    ]),
  ]

  const data = submenu('data', [
    action('showData', { name: 'show-data' }),
    action('moveData', { name: 'move-data' }, undefined, { enabled: state.open }),
    separator,
    inside('backUp', { name: 'back-up' }),
    action('backupFolder', { name: 'backup-folder' }, undefined, { enabled: !state.alone }),
    separator,
    inside('takeModels', { name: 'take-models' }),
  ])

  const recent = submenu(
    'recent',
    state.recent.length === 0
      ? [{ type: 'text', label: text('recentNone') }]
      : [
          ...state.recent.map(
            (file): MenuItem => ({
              type: 'action',
              action: { name: 'open-recent', file },
              // An ampersand in a name would underline what follows it.
              label: shownName(file, state.recent, platform).replaceAll('&', mac ? '&' : '&&'),
              enabled: state.open,
            }),
          ),
          separator,
          action('recentClear', { name: 'clear-recent' }),
        ],
  )

  const file = submenu('file', [
    inside('newQuestion', { name: 'new-question' }, 'CmdOrCtrl+N'),
    inside('ask', { name: 'ask' }, 'CmdOrCtrl+L'),
    action('quick', { name: 'quick' }, state.shortcut ?? undefined, { enabled: state.open, shownOnly: true }),
    separator,
    inside('addFiles', { name: 'add-files' }, 'CmdOrCtrl+O'),
    inside('addFolder', { name: 'add-folder' }, 'CmdOrCtrl+Shift+O'),
    inside('followFolder', { name: 'follow-folder' }),
    recent,
    separator,
    inside('print', { name: 'print' }, 'CmdOrCtrl+P'),
    separator,
    data,
    ...(mac
      ? [separator, role('close', 'close')]
      : [separator, ...settings, separator, role('close', 'close'), role('quit', 'quit')]),
  ])

  const edit = submenu('edit', [
    role('undo', 'undo'),
    role('redo', 'redo'),
    separator,
    role('cut', 'cut'),
    role('copy', 'copy'),
    role('paste', 'paste'),
    role('pasteAndMatchStyle', 'pastePlain'),
    role('selectAll', 'selectAll'),
    separator,
    inside('find', { name: 'find' }, 'CmdOrCtrl+F'),
  ])

  const view = submenu('view', [
    role('resetZoom', 'zoomReset'),
    role('zoomIn', 'zoomIn'),
    role('zoomOut', 'zoomOut'),
    separator,
    role('togglefullscreen', 'fullScreen'),
  ])

  const updates = action('checkUpdates', { name: 'check-updates' })
  const log = action('showLog', { name: 'show-log' })
  const about = action('about', { name: 'about' })
  const help = submenu('help', [log, ...(mac ? [] : [separator, updates, about])], 'help')
  if (!mac) return [file, edit, view, help]

  const application: MenuItem = {
    type: 'submenu',
    label: 'Cloister',
    role: 'appMenu',
    items: [
      about,
      updates,
      separator,
      ...settings,
      separator,
      role('services', 'services'),
      separator,
      role('hide', 'hide'),
      role('hideOthers', 'hideOthers'),
      role('unhide', 'unhide'),
      separator,
      role('quit', 'quit'),
    ],
  }
  const windows = submenu(
    'window',
    [
      role('minimize', 'minimize'),
      role('zoom', 'zoom'),
      separator,
      action('showWindow', { name: 'show-window' }),
      role('front', 'front'),
    ],
    'windowMenu',
  )
  return [application, file, edit, view, windows, help]
}

type MenuWord = keyof Messages['desktop']['menu'] & string
