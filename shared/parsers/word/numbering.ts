/** Numbers of lists and headings as a reader sees them, for all formats of word processors. */

import { formatNumber } from '../numerals.ts'

export interface Level {
  /** As in Office Open XML: `decimal`, `lowerLetter`, `upperRoman`, `bullet`, `none` … */
  format: string
  /** `%1.%2` stands for the numbers of the first and second level. */
  pattern: string
  start: number
  /** Numbers of higher levels are written in digits. */
  legal: boolean
}

export const LEVELS = 9

export interface Counters {
  /** The label of the next item, '' for a bullet. `levels`: of this list, the first is the highest. */
  next(list: string, levels: readonly (Level | undefined)[], level: number, start?: number): string
  /** The list begins anew. */
  restart(list: string): void
}

export function createCounters(): Counters {
  const lists = new Map<string, (number | undefined)[]>()
  return {
    next(list, levels, level, start) {
      let counts = lists.get(list)
      if (!counts) {
        counts = []
        lists.set(list, counts)
      }
      const own = levels[level]
      const before = counts[level]
      counts[level] = before === undefined ? (start ?? own?.start ?? 1) : before + 1
      counts.length = level + 1
      for (let above = 0; above < level; above++) counts[above] ??= levels[above]?.start ?? 1
      if (!own) return ''
      return labelOf(own, levels, counts)
    },
    restart: list => lists.delete(list),
  }
}

function labelOf(own: Level, levels: readonly (Level | undefined)[], counts: readonly (number | undefined)[]): string {
  if (own.format === 'bullet' || own.format === 'none') return ''
  return own.pattern.replace(/%(\d)/g, (_, digit: string) => {
    const index = Number(digit) - 1
    const count = counts[index]
    if (count === undefined) return ''
    return formatNumber(count, own.legal ? 'decimal' : (levels[index]?.format ?? 'decimal'))
  })
}
