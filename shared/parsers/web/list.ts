import { roman } from '../numerals.ts'
import type { Attributes } from './elements.ts'

/** The numbers of an ordered list's items, as a browser writes them: `3.`, `c.`, `iii.`. */
export function createCounter(list: Attributes): (item: Attributes) => string {
  const step = list.reversed === undefined ? 1 : -1
  let next = integer(list.start) ?? 1
  return item => {
    const number = integer(item.value) ?? next
    next = number + step
    return `${written(number, list.type)}.`
  }
}

function integer(value: string | undefined): number | undefined {
  const number = Number.parseInt(value ?? '', 10)
  return Number.isNaN(number) ? undefined : number
}

function written(number: number, type: string | undefined): string {
  if (number < 1 || number > 3_999) return String(number)
  if (type === 'a') return letters(number)
  if (type === 'A') return letters(number).toUpperCase()
  if (type === 'i') return roman(number).toLowerCase()
  if (type === 'I') return roman(number)
  return String(number)
}

function letters(number: number): string {
  let text = ''
  for (let rest = number; rest > 0; rest = Math.floor((rest - 1) / 26))
    text = String.fromCharCode(97 + ((rest - 1) % 26)) + text
  return text
}
