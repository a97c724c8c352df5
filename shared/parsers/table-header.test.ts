import { expect, it } from 'vitest'
import { cellOf, headsColumns } from './table-header.ts'

const headerIn = (table: string, usual = true) => {
  const [first = [], ...rest] = table
    .trim()
    .split('\n')
    .map(line => line.split('|').flatMap((text, at) => (text.trim() === '' ? [] : [cellOf(at + 1, text.trim())])))
  return headsColumns(first, rest, { usual })
}
const isHeader = (table: string, usual = true) => headerIn(table, usual) !== undefined

it('tells titles of columns', () => {
  expect(isHeader('Position|Menge|Preis\nSchraube|12|0,30 €\nMutter|9|0,20 €')).toBe(true)
  expect(isHeader('Jahr|Umsatz\n2022|1.200 €\n2023|1.300 €')).toBe(true)
  expect(isHeader('netto|brutto\n1|2')).toBe(true)
  expect(isHeader('Name|Wohnort|Beruf\nEva|Köln|Ärztin\nJan|Ulm|Koch')).toBe(true)
  expect(isHeader('|Süd|Nord\nPlan|offen|fertig\nBau|fertig|offen')).toBe(true)
  expect(isHeader('Konto|2022|2023\nMiete|1.200|1.300\nStrom|300|280')).toBe(true)
})

it('takes a pair of a name and what it is for none', () => {
  expect(isHeader('Vermieter|Hans Meier\nMieter|Eva Schulz\nKaution|1500 €')).toBe(false)
  expect(isHeader('Vermieter|Hans Meier\nKaution|1500 €\nBeginn|1.3.2024')).toBe(false)
  expect(isHeader('Vermieter|Hans Meier\nKaution|1500 €\nFläche|80 m²')).toBe(false)
  expect(isHeader('Müller|Hans\nSchulz|Eva\nWeiß|Jörg')).toBe(false)
})

it('takes data for none', () => {
  expect(isHeader('Eva|3|4\nJan|5|6')).toBe(false)
  expect(isHeader('a|b|c\na|d|e')).toBe(false)
})

it('follows what stands out', () => {
  const bold = [cellOf(1, 'Name'), cellOf(2, 'Wohnort')].map(cell => ({ ...cell, bold: true }))
  expect(headsColumns(bold, [[cellOf(1, 'Eva'), cellOf(2, 'Köln')]])).toBe('told')
})

it('only guesses where all is text: names may stand there without titles', () => {
  expect(headerIn('Anna|Köln|Ärztin\nBen|Ulm|Koch\nCora|Bonn|Lehrerin')).toBe('guessed')
  expect(headerIn('Name|Wohnort|Beruf\nEva|Köln|Ärztin\nJan|Ulm|Koch')).toBe('guessed')
  expect(headerIn('Name|Wohnort|Seit\nEva|Köln|2.1.2024\nJan|Ulm|1.1.2023')).toBe('told')
})
