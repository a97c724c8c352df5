import { describe, expect, test } from 'vitest'
import { createTranslate } from '../../shared/messages/index.ts'
import { type MenuItem, type MenuState, menuOf } from './menu.ts'
import { shownName, withRecent } from './recent.ts'
import { trayOf } from './tray.ts'

const state: MenuState = {
  language: null,
  theme: 'dark',
  notifications: true,
  tray: true,
  keepRecent: true,
  shortcut: 'CommandOrControl+Shift+Space',
  recent: ['/home/a/Müller & Söhne.pdf', '/home/b/x/plan.pdf', '/home/b/y/plan.pdf'],
  unprotected: false,
  open: true,
  alone: false,
}

function* flat(items: readonly MenuItem[]): Generator<Exclude<MenuItem, { type: 'separator' }>> {
  for (const item of items) {
    if (item.type === 'separator') continue
    yield item
    if (item.type === 'submenu') yield* flat(item.items)
  }
}

const platforms = ['darwin', 'win32', 'linux'] as const
const languages = ['en', 'de'] as const
const menu = (platform: NodeJS.Platform, language: 'en' | 'de', more: Partial<MenuState> = {}) =>
  menuOf({ words: createTranslate(language), platform, state: { ...state, ...more } })
const actions = (items: readonly MenuItem[]) => [...flat(items)].flatMap(item => (item.type === 'action' ? [item] : []))
const labels = (items: readonly MenuItem[]) => [...flat(items)].map(item => item.label)

describe.each(platforms.flatMap(platform => languages.map(language => [platform, language] as const)))(
  'the menu on %s in %s',
  (platform, language) => {
    const items = menu(platform, language)

    test('has everything once, in words, with keys that nothing else has', () => {
      const names = actions(items).map(({ action }) => action.name)
      for (const name of [
        'new-question',
        'ask',
        'add-files',
        'add-folder',
        'follow-folder',
        'print',
        'find',
        'settings',
        'show-data',
        'move-data',
        'back-up',
        'check-updates',
        'quick',
        'show-log',
        'about',
      ])
        expect([name, names.filter(other => other === name).length]).toEqual([name, 1])
      for (const label of labels(items)) expect(label).not.toMatch(/^$|desktop\.|\{\{/)
      const keys = [...flat(items)].flatMap(item =>
        'accelerator' in item && item.accelerator ? [item.accelerator] : [],
      )
      expect(new Set(keys).size).toBe(keys.length)
      // Those that the roles bring.
      for (const key of keys) expect(key).not.toMatch(/^CmdOrCtrl\+[CVXZAWQHM]$/)
    })

    test('opens with a letter each, where that is the custom', () => {
      const letters = items.map(item => ('label' in item ? /&(.)/.exec(item.label)?.[1]?.toLowerCase() : undefined))
      if (platform === 'darwin')
        expect(labels(items).filter(label => label.includes('&'))).toEqual(['Müller & Söhne.pdf'])
      else expect(new Set(letters).size).toBe(items.length)
    })

    test('keeps to what is the custom there', () => {
      const [first] = items
      const application = first?.type === 'submenu' && first.role === 'appMenu'
      expect(application).toBe(platform === 'darwin')
      const roles = [...flat(items)].flatMap(item => (item.type === 'role' ? [item.role] : []))
      expect(roles.filter(role => role === 'quit')).toHaveLength(1)
      expect(roles.includes('services')).toBe(platform === 'darwin')
    })

    test('lets nobody choose what touches a library that somebody has alone', () => {
      const names = (more: Partial<MenuState>) =>
        actions(menu(platform, language, more)).flatMap(({ action, enabled }) =>
          enabled === false ? [action.name] : [],
        )
      expect(names({ open: false, alone: true })).toContain('backup-folder')
      expect(names({ open: false })).not.toContain('backup-folder')
    })

    test('lets nothing into a library that is not open, and the way to its folder stays', () => {
      const closed = actions(menu(platform, language, { open: false }))
      const enabled = closed.filter(item => item.enabled !== false).map(({ action }) => action.name)
      for (const name of ['new-question', 'ask', 'add-files', 'print', 'back-up', 'move-data', 'open-recent', 'quick'])
        expect(enabled).not.toContain(name)
      for (const name of ['show-data', 'show-log', 'check-updates', 'about', 'theme']) expect(enabled).toContain(name)
    })
  },
)

test('choices say what holds, and are turned by what they do', () => {
  const items = actions(menu('linux', 'de', { notifications: false, tray: null, unprotected: true }))
  const themes = items.filter(({ action }) => action.name === 'theme')
  expect(themes.map(({ label, checked }) => [label, checked])).toEqual([
    ['Wie das System', false],
    ['Hell', false],
    ['Dunkel', true],
  ])
  expect(items.find(({ action }) => action.name === 'notifications')).toMatchObject({
    checked: false,
    action: { value: true },
  })
  expect(items.some(({ action }) => action.name === 'tray')).toBe(false)
  expect(items.some(({ action }) => action.name === 'protect-keys')).toBe(true)
  expect(actions(menu('linux', 'de')).some(({ action }) => action.name === 'protect-keys')).toBe(false)
})

test('files of late are told apart by their folders, and their names underline nothing', () => {
  const recent = labels(menu('win32', 'en', { recent: ['C:\\a\\R&D.pdf', 'C:\\b\\x.pdf', 'C:\\c\\x.pdf'] }))
  expect(recent).toEqual(expect.arrayContaining(['R&&D.pdf', 'x.pdf – b', 'x.pdf – c']))
  expect(labels(menu('linux', 'en', { recent: [] }))).toContain('None')
  expect(shownName('/x.pdf', ['/x.pdf', '/a/x.pdf'], 'linux')).toBe('x.pdf – /')
  const list = Array.from({ length: 12 }, (_, at) => `/a/${at}.pdf`)
  const next = list.reduce<string[]>((all, file) => withRecent(all, file, 'linux'), [])
  expect([next.length, next[0]]).toEqual([10, '/a/11.pdf'])
  expect(withRecent(['/A/x.pdf', '/b'], '/a/X.pdf', 'darwin')).toEqual(['/a/X.pdf', '/b'])
  expect(withRecent(['/A/x.pdf'], '/a/x.pdf', 'linux')).toEqual(['/a/x.pdf', '/A/x.pdf'])
})

describe('the tray', () => {
  const words = createTranslate('de')
  const of = (progress: Parameters<typeof trayOf>[0]['progress'], more = {}) =>
    trayOf({ words, progress, shortcut: null, open: true, ...more })

  test('says how far the work is, and offers to hold it or to go on', () => {
    expect(of({ open: 0, paused: 0, part: undefined }).tooltip).toBe('Cloister – nichts in Arbeit')
    const reading = of({ open: 3, paused: 1, part: 0.999 })
    expect(reading.tooltip).toBe('Cloister – 3 Dokumente werden gelesen (99 %)')
    const names = (items: readonly MenuItem[]) => actions(items).map(({ action }) => action.name)
    expect(names(reading.items)).toEqual(['pause-all', 'resume-all', 'quick', 'show-window', 'quit'])
    expect(names(of({ open: 0, paused: 2, part: undefined }).items)).toEqual([
      'resume-all',
      'quick',
      'show-window',
      'quit',
    ])
    expect(of({ open: 1, paused: 0, part: 0.5 }, { alone: { doing: 'moving', part: 0.25 } }).tooltip).toBe(
      'Cloister – die Bibliothek wird verschoben (25 %)',
    )
    expect(of({ open: 1, paused: 0, part: 0 }, { trouble: 'Die Platte ist voll.' }).tooltip).toContain('steht still')
  })
})
