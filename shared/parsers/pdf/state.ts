import type { Ending } from './continuation.ts'
import { type Learned, MAX_FONTS, MAX_SIZES } from './typography.ts'

/** What reading on after a page needs to know of the pages before it: another process takes up with it. */
export interface State {
  page: number
  /** How the text of that page ends. */
  ending: Ending
  learned: Learned
  /** Text was lost on a page so far. */
  damaged?: true
  /** There were fields of a form on a page so far. */
  fields?: true
}

/** To be raised with every change of what is learned, or of what it means: state of another version is left aside. */
const VERSION = 1

/** At most about 1.5 kB, see `MAX_SIZES` and `MAX_FONTS`. */
export function writeState(state: State): string {
  return JSON.stringify({ version: VERSION, ...state })
}

/** Undefined for what this version did not write. */
export function readState(text: string | undefined): State | undefined {
  if (text === undefined) return undefined
  try {
    const { version, page, ending, learned, damaged, fields } = JSON.parse(text) as Partial<State & { version: number }>
    if (version !== VERSION || !isCount(page) || !learned || !isCount(learned.characters)) return undefined
    if (ending !== 'closed' && ending !== 'open' && ending !== 'asking') return undefined
    const sizes = learned.sizes.map(([size, characters]): Learned['sizes'][number] => [size, characters])
    const fonts = learned.fonts.map(([on, index, characters]): Learned['fonts'][number] => [on, index, characters])
    if (sizes.length > MAX_SIZES || fonts.length > MAX_FONTS) return undefined
    if (!sizes.flat().every(value => Number.isFinite(value) && value >= 0)) return undefined
    if (!fonts.flat().every(isCount) || !fonts.every(([on]) => on >= 1 && on <= page)) return undefined
    const known: State = { page, ending, learned: { characters: learned.characters, sizes, fonts } }
    if (damaged === true) known.damaged = damaged
    if (fields === true) known.fields = fields
    return known
  } catch {
    return undefined
  }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}
