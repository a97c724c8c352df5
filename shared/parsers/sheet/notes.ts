/** What stands around the rows of a sheet, in every kind of workbook. */
import type { Block } from '../../model/index.ts'
import type { Ending } from '../formats.ts'
import type { CellNote } from './beside.ts'

/** Puts the sheet's name before its first block: a sheet without content has none. */
export function onceNamed(name: string): (blocks: Block[]) => Block[] {
  let told = name === ''
  return blocks => {
    if (told || blocks.length === 0) return blocks
    told = true
    return [{ kind: 'heading', level: 1, text: name }, ...blocks]
  }
}

/** Puts comments behind the table they belong to, which ends where a row is empty: within it, they would cut it in two. `last`: the row before. */
export function createNotes(
  notes: CellNote[] = [],
  last = 0,
): {
  /** That wait for the end of their table. */
  readonly waiting: number
  add(note: CellNote): void
  among(blocks: Block[]): Block[]
  rest(): Block[]
} {
  const before = (row: number) => {
    const behind = notes.findIndex(note => note.row >= row)
    return notes.splice(0, behind === -1 ? notes.length : behind).map(noteBlock)
  }
  return {
    get waiting() {
      return notes.length
    },
    add: note => notes.push(note),
    among(blocks) {
      return blocks.flatMap(block => {
        const row = block.span?.first ?? last
        const ends = row > last + 1
        last = row
        return ends && notes.length > 0 ? [...before(row), block] : [block]
      })
    },
    rest: () => before(Number.POSITIVE_INFINITY),
  }
}

export function noteBlock({ row, column, text }: CellNote): Block {
  return { kind: 'note', text, cells: [0], columns: [column], span: { unit: 'row', first: row, last: row } }
}

/** Says where a reader of the workbook may look for what was quoted and not find it. */
export function withHidden(ending: Ending, { hidden }: { hidden: boolean }): Ending {
  return hidden ? { ...ending, reasons: [...(ending.reasons ?? []), { code: 'cells-hidden' }] } : ending
}
