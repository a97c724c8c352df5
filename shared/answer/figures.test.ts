import { expect, it } from 'vitest'
import { figuresOf, saysFigure } from './figures.ts'

const says = (claim: string, source: string, context = '') => {
  const [de, en] = [figuresOf(claim, 'de'), figuresOf(source, 'de')]
  expect(de.length).toBeGreaterThan(0)
  return de.every(figure => saysFigure(figure, en, source, context))
}

it.each([
  ['Es kostet 1.000,50 €.', 'It costs €1,000.50.'],
  ['Es kostet 1000,50 Euro.', 'Es kostet 1.000,5 Euro.'],
  ['Die Frist beträgt 3 Monate.', 'Die Frist beträgt drei Monate.'],
  ['The term is three months.', 'Eine dreimonatige Frist gilt.'],
  ['Am 30. September 2026 endet es.', 'It ends on 30 September 2026.'],
  ['Am 30.09.2026 endet es.', 'Ends on September 30, 2026.'],
  ['Am 30.9. endet es.', 'Es endet am 30. September.'],
  ['On 2026-06-30.', 'am 30. Juni 2026'],
  ['Ab 16 Uhr.', 'from 16:00 to 21:00'],
  ['From 4 pm.', 'von 16 bis 21 Uhr'],
  ['Zwischen 13:00 und 15:00 Uhr.', 'nicht jedoch zwischen 13 und 15 Uhr'],
  ['Nach § 543 Abs. 2.', 'siehe § 543 Absatz 2 BGB'],
  ['4 % Zinsen', 'interest of 4 percent'],
  ['2,5 Millionen Euro', '2.500.000 Euro'],
  ['am 3. Werktag', 'am dritten Werktag'],
  ['neun Monate', 'auf sechs und nach acht Jahren auf neun Monate'],
  ['sechs Monate', 'auf sechs und nach acht Jahren auf neun Monate'],
  ['MAX_JOB_HOURS=9', 'stops after `MAX_JOB_HOURS=9`.'],
  ['im Jahr 1904', 'Gegründet wurde der Verein 1904.'],
  ['12 Megabyte', 'Minimal 12 20'.replace('20', '30')],
])('%s is said by %s', (claim, source) => expect(says(claim, source, 'Größe in Megabyte')).toBe(true))

it.each([
  ['Es kostet 1.000,50 €.', 'It costs €1,005.00.'],
  ['Es kostet 890 Euro.', 'Es kostet 890 Pfund.'],
  ['Die Frist beträgt drei Jahre.', 'Die Frist beträgt drei Monate.'],
  ['Die Frist beträgt vier Monate.', 'Die Frist beträgt drei Monate.'],
  ['Am 30. August.', 'Am 30. September.'],
  ['Am 31. September.', 'Am 30. September.'],
  ['September 30, 2025', 'am 30. September 2026'],
  ['Ab 17 Uhr.', 'from 16:00 to 21:00'],
  ['Nach § 543.', 'siehe § 542 BGB'],
  ['3 Millionen Euro', '3 Euro'],
  ['MAX_JOB_HOURS=8', 'stops after `MAX_JOB_HOURS=9`.'],
])('%s is not said by %s', (claim, source) => expect(says(claim, source)).toBe(false))

it('"ein" and "one" are no numbers', () => {
  expect(figuresOf('Ein Mieter und one tenant', 'de')).toEqual([])
})
it('stays linear over long runs', () => {
  const before = process.cpuUsage().user
  for (const text of ['1 '.repeat(20_000), '1.'.repeat(20_000), "1'000".repeat(10_000), '3 Mai '.repeat(10_000)])
    figuresOf(text, 'de')
  expect(process.cpuUsage().user - before).toBeLessThan(4_000_000)
})
