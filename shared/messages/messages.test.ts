import { expect, test } from 'vitest'
import { de } from './de.ts'
import { en } from './en.ts'
import { createTranslate, explain, languageOfLocale } from './index.ts'

function flatten(node: object, prefix = ''): Map<string, string> {
  return new Map(
    Object.entries(node).flatMap(([key, value]) =>
      typeof value === 'string' ? [[prefix + key, value] as const] : [...flatten(value as object, `${prefix}${key}.`)],
    ),
  )
}

const placeholders = (text: string) => [...text.matchAll(/\{\{(\w+)\}\}/g)].map(match => match[1]).sort()

test('both languages have the same texts with the same placeholders', () => {
  const english = flatten(en)
  const german = flatten(de)
  expect([...german.keys()]).toEqual([...english.keys()])
  for (const [key, text] of english) expect([key, placeholders(german.get(key)!)]).toEqual([key, placeholders(text)])
})

test('German has real umlauts, says „Sie“', () => {
  for (const text of flatten(de).values()) {
    expect(text).not.toMatch(/\b(fuer|koennen|moeglich|pruefen|groesser|du|dein|deine)\b/i)
  }
})

test('fills in values and counts', () => {
  const translate = createTranslate('de')
  expect(explain(translate, { code: 'pages-unreadable', values: { count: 1, pages: '3' } })).toBe(
    'Seite 3 war nicht lesbar; der Rest wurde gelesen.',
  )
  expect(explain(translate, { code: 'pages-unreadable', values: { count: 2, pages: '3, 9' } })).toBe(
    '2 Seiten waren nicht lesbar (3, 9); der Rest wurde gelesen.',
  )
  expect(explain(createTranslate('en'), { code: 'duplicate', values: { file: '<b>&.pdf' } })).toContain('<b>&.pdf')
})

test.each([
  ['de_DE.UTF-8', 'de'],
  ['de', 'de'],
  ['de-AT', 'de'],
  ['den', 'en'],
  ['C', 'en'],
  [undefined, 'en'],
])('the locale %s reads %s', (locale, language) => {
  expect(languageOfLocale(locale)).toBe(language)
})
