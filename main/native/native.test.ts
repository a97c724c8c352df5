import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createTranslate } from '../../shared/messages/index.ts'
import { hashOfLink, parseLink } from './deep-links.ts'
import { readHanded } from './handed-files.ts'
import { desktopLanguage, localeOf } from './language.ts'
import { applyShortcut, readShortcut, shownShortcut, usualShortcut } from './shortcuts.ts'
import { decideSpelling, nowhere } from './spelling.ts'
import { displayAt, fitWindow, placeQuickWindow } from './window-place.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'cloister-native-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const id = '0192f3a4-b5c6-7d8e-9f01-23456789abcd'

describe('links of our own', () => {
  test.each([
    ['cloister://ask?q=Was%20steht%20im%20Vertrag%3F', { name: 'ask', question: 'Was steht im Vertrag?' }],
    ['cloister://ask/?q=a+b', { name: 'ask', question: 'a b' }],
    ['CLOISTER://ASK?q=%0D%0Aa%00%0Ab', { name: 'ask', question: 'a b' }],
    ['cloister://ask?q=a%E2%80%AEb%E2%80%8B', { name: 'ask', question: 'ab' }],
    [`cloister://document/${id}`, { name: 'document', id }],
    [`cloister://chat/${id.toUpperCase()}/`, { name: 'chat', id }],
    [`cloister://project/${id}`, { name: 'project', id }],
  ])('%s is understood', (text, link) => {
    expect(parseLink(text)).toEqual(link)
  })

  test.each([
    '',
    'cloister:',
    'cloister://',
    'cloister:ask?q=a',
    'cloister://ask',
    'cloister://ask?q=',
    'cloister://ask?q=%20',
    'cloister://ask?q=a&send=1',
    'cloister://ask?q=a&q=b',
    'cloister://ask?Q=a',
    'cloister://ask/now?q=a',
    'cloister://ask?q=a#/settings',
    'cloister://user:pass@ask?q=a',
    'cloister://ask:80?q=a',
    `cloister://ask?q=${'a'.repeat(1001)}`,
    `cloister://ask?q=${'%F0%9F%98%80'.repeat(400)}`,
    `cloister://document/${id}/delete`,
    `cloister://document/${id}?x=1`,
    `cloister://document/${id}#x`,
    'cloister://document/../../etc/passwd',
    'cloister://document/%2e%2e%2f',
    'cloister://document/',
    'cloister://delete/all',
    `cloister://settings/${id}`,
    `https://ask?q=a`,
    'javascript:alert(1)',
    `cloister-x://document/${id}`,
    `cloister://document.evil/${id}`,
  ])('%s is refused', text => {
    expect(parseLink(text)).toBeUndefined()
  })

  test('whatever they say, they lead to a view of ours and no further', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), question => {
        const link = parseLink(`cloister://ask?${new URLSearchParams({ q: question })}`)
        if (!link) return
        const hash = hashOfLink(link)
        expect(hash).toMatch(/^#\/\?q=[\w%+.*~-]+$/)
        expect(new URLSearchParams(hash.slice(3)).get('q')).toBe(link.name === 'ask' && link.question)
      }),
    )
    expect(hashOfLink({ name: 'document', id })).toBe(`#/library?read=${id}`)
    expect(hashOfLink({ name: 'chat', id })).toBe(`#/chat/${id}`)
    fc.assert(fc.property(fc.string(), text => void parseLink(`cloister://${text}`)))
  })
})

describe('what is handed over', () => {
  test('files relative to whoever was started, links, and what is neither', async () => {
    const inner = path.join(folder, 'dir')
    await mkdir(inner)
    for (const name of ['a.pdf', '-b.pdf', 'c d.txt']) await writeFile(path.join(folder, name), 'x')
    const absolute = path.join(folder, 'c d.txt')
    const handed = await readHanded(
      [
        '--allow-file-access-from-files',
        '--original-process-start-time=1',
        '-psn_0_12345',
        '--data',
        inner,
        'a.pdf',
        './dir/../a.pdf',
        'dir',
        absolute,
        pathToFileURL(absolute).href,
        `cloister://document/${id}`,
        'cloister://nonsense',
        'missing.pdf',
        'https://example.com/x.pdf',
        'javascript:alert(1)',
        'file://server/share/x.pdf',
        'file:///%00',
        '/dev/null',
        '',
        'a\0b',
        '--',
        '-b.pdf',
      ],
      { cwd: folder, platform: 'linux' },
    )
    expect(handed).toEqual({
      files: ['a.pdf', 'dir', 'c d.txt', '-b.pdf'].map(name => path.join(folder, name)),
      links: [{ name: 'document', id }],
      refused: [
        'cloister://nonsense',
        'missing.pdf',
        'https://example.com/x.pdf',
        'javascript:alert(1)',
        'file://server/share/x.pdf',
        'file:///%00',
        '/dev/null',
      ],
      more: false,
    })
  })

  test('is read to an end, whatever it is', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.string({ unit: 'binary' }), { maxLength: 5 }), async args => {
        await readHanded(args, { cwd: folder, platform: 'linux' })
        await readHanded(args, { cwd: 'C:\\Users\\a', platform: 'win32' })
      }),
      { numRuns: 50 },
    )
  })
})

describe('the place of a window', () => {
  const main = { x: 0, y: 25, width: 1920, height: 1055 }
  const left = { x: -1280, y: 0, width: 1280, height: 1024 }

  test('is as it was, where that is still to be seen', () => {
    const saved = { x: 100, y: 100, width: 900, height: 700 }
    expect(fitWindow(saved, [main])).toEqual(saved)
    expect(fitWindow({ ...saved, x: -1200, maximized: true }, [main, left])).toEqual({
      ...saved,
      x: -1200,
      maximized: true,
    })
    // Half over the edge, as somebody wanted it.
    expect(fitWindow({ ...saved, x: 1500 }, [main])).toEqual({ ...saved, x: 1500 })
  })

  test('comes back where its display has gone, and shrinks to a smaller one', () => {
    const saved = { x: -1200, y: 100, width: 900, height: 700 }
    expect(fitWindow(saved, [main])).toEqual({ x: 510, y: 203, width: 900, height: 700 })
    expect(fitWindow({ x: 0, y: 30, width: 4000, height: 3000 }, [main])).toEqual(main)
    expect(fitWindow({ x: 1900, y: 50, width: 900, height: 700 }, [main])).toMatchObject({ x: 510 })
    expect(fitWindow({ x: 100, y: -500, width: 900, height: 700 }, [main])).toMatchObject({ x: 510, y: 203 })
    expect(fitWindow({ x: 0, y: 0, width: Number.NaN, height: 5 }, [main])).toMatchObject({ width: 1240 })
    expect(fitWindow(undefined, [])).toEqual({ x: 0, y: 0, width: 1240, height: 860 })
  })

  test('its upper edge is always in reach, on any displays', () => {
    const number = fc.integer({ min: -10_000, max: 10_000 })
    const size = fc.integer({ min: 1, max: 10_000 })
    const display = fc.record({
      x: number,
      y: number,
      width: fc.integer({ min: 640, max: 8000 }),
      height: fc.integer({ min: 480, max: 5000 }),
    })
    fc.assert(
      fc.property(
        fc.record({ x: number, y: number, width: size, height: size }),
        fc.array(display, { minLength: 1, maxLength: 3 }),
        (saved, displays) => {
          const place = fitWindow(saved, displays)
          const seen = displays.some(
            ({ x, y, width, height }) =>
              place.y >= y && place.y + 40 <= y + height && place.x + place.width >= x + 1 && place.x <= x + width - 1,
          )
          expect(seen).toBe(true)
          expect(fitWindow(place, displays)).toEqual(place)
        },
      ),
      { numRuns: 2000 },
    )
  })

  test('the small one is in the upper part of the display that is looked at', () => {
    expect(displayAt({ x: -5, y: 5 }, [main, left])).toBe(left)
    expect(displayAt({ x: 9999, y: 5 }, [main, left])).toBe(main)
    expect(placeQuickWindow(main)).toEqual({ x: 620, y: 237, width: 680, height: 420 })
    expect(placeQuickWindow({ x: 0, y: 0, width: 320, height: 240 })).toEqual({ x: 0, y: 0, width: 320, height: 240 })
  })
})

describe('keys for the whole system', () => {
  test.each([
    ['ctrl+shift+space', 'Control+Shift+Space'],
    ['Shift + CmdOrCtrl + k', 'CommandOrControl+Shift+K'],
    ['F9', 'F9'],
    ['Alt+Space', 'Alt+Space'],
    ['Super+Alt+C', 'Super+Alt+C'],
    [usualShortcut, usualShortcut],
  ])('%s is %s', (text, keys) => {
    expect(readShortcut(text)).toEqual({ keys })
  })

  test.each([
    ['', 'not-keys'],
    ['Ctrl+', 'not-keys'],
    ['Ctrl', 'not-keys'],
    ['A+B', 'not-keys'],
    ['Ctrl+Ü', 'not-keys'],
    ['Ctrl+Constructor', 'not-keys'],
    ['K', 'no-modifier'],
    ['Shift+K', 'no-modifier'],
    ['Ctrl+C', 'reserved'],
    ['Cmd+Q', 'reserved'],
    ['Ctrl+Alt+Q', 'reserved'],
    ['Alt+L', 'reserved'],
    ['Alt+F4', 'reserved'],
  ])('%s cannot be: %s', (text, problem) => {
    expect(readShortcut(text)).toEqual({ problem })
  })

  test('are taken, left, changed, and told when somebody else has them', () => {
    const calls: (string | null)[] = []
    const register = (free: boolean) => (keys: string | null) => {
      calls.push(keys)
      return free
    }
    const apply = (wanted: string | null | undefined, free = true) => applyShortcut(wanted, register(free), () => {})
    expect(apply(undefined)).toEqual({ inForce: usualShortcut, taken: false })
    expect(apply(null)).toEqual({ inForce: null, taken: false })
    expect(apply('nonsense')).toEqual({ inForce: null, taken: false })
    expect(apply('Ctrl+Alt+Shift+A', false)).toEqual({ inForce: null, taken: true })
    expect(calls).toEqual([usualShortcut, null, null, 'Control+Alt+Shift+A', null])
  })

  test('are written as on the keyboard', () => {
    const shown = (platform: NodeJS.Platform, language: 'de' | 'en') =>
      shownShortcut(usualShortcut, platform, createTranslate(language))
    expect(shown('darwin', 'en')).toBe('⌘⇧Space')
    expect(shown('win32', 'de')).toBe('Strg+Umschalt+Leertaste')
    expect(shown('linux', 'en')).toBe('Ctrl+Shift+Space')
  })
})

test.each([
  [null, ['fr-FR', 'de-AT', 'en'], 'de'],
  [null, ['fr', 'it'], 'en'],
  [null, [], 'en'],
  [null, ['den', 'en-GB', 'de'], 'en'],
  ['de', ['en'], 'de'],
] as const)('chosen %s, the system says %s: %s', (chosen, languages, expected) => {
  expect(desktopLanguage(chosen, languages)).toBe(expected)
  expect(localeOf(expected)).toMatch(expected)
})

test('spelling is checked with what is on the disk, or by the system, or not at all; nothing is fetched', async () => {
  const dictionaries = path.join(folder, 'Dictionaries')
  const given = {
    languages: ['de-AT', 'en-GB'],
    available: ['de', 'en-GB', 'en-US', 'fr'],
    folder: dictionaries,
  }
  expect(await decideSpelling({ ...given, platform: 'darwin' })).toEqual({ by: 'system' })
  expect(await decideSpelling({ ...given, platform: 'win32' })).toEqual({ by: 'nobody' })
  await mkdir(dictionaries)
  for (const name of ['de-DE-3-0.bdic', 'en-US-10-1.bdic', 'fr-3-0.bdic', 'en-GB-9-0.txt'])
    await writeFile(path.join(dictionaries, name), 'x')
  expect(await decideSpelling({ ...given, platform: 'linux' })).toEqual({
    by: 'dictionaries',
    languages: ['de', 'en-US'],
  })
  expect(new URL(nowhere).hostname).toBe('127.0.0.1')
})
