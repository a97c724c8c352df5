import { expect, test } from 'vitest'
import type { Block } from '../model/index.ts'
import { findFurniture } from './furniture.ts'

const line = (text: string): Block => ({ kind: 'paragraph', text })
const page = (number: number, ...texts: string[]) => ({ number, margins: texts.map(line) })

test('running headers, footers and page numbers are furniture; a title that stands once is text', () => {
  const isFurniture = findFurniture([
    page(1, 'Jahresbericht', 'Ergebnis des Vorjahres', '1'),
    page(2, 'Kapitel 2. Lage', '2'),
    page(3, 'Jahresbericht', '3'),
    page(4, 'Kapitel 2. Lage', '4'),
  ])
  expect(
    ['Jahresbericht', 'Kapitel 2. Lage', '7', '– 12 –', 'Seite 3 von 9', 'xii'].map(text => isFurniture(line(text))),
  ).toEqual(Array(6).fill(true))
  expect(isFurniture(line('Ergebnis des Vorjahres'))).toBe(false)
})

test('numbers are masked, so that a footer with a page number repeats', () => {
  const isFurniture = findFurniture([page(1, 'Vertrag 4711, Blatt 1'), page(2, 'Vertrag 4711, Blatt 2')])
  expect(isFurniture(line('Vertrag 4711, Blatt 3'))).toBe(true)
})

test('what comes back only far away is text', () => {
  const isFurniture = findFurniture([page(1, 'Zusammenfassung'), page(40, 'Zusammenfassung')])
  expect(isFurniture(line('Zusammenfassung'))).toBe(false)
})
