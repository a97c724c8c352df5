import type { Segment } from '../model/index.ts'

/** An opened file. `segments` is known for paged formats only. */
export interface Source {
  segments: number | null
  /** The segments after number `after`, in order. Sets `cut` when the text went on past a limit. */
  read(after: number): AsyncIterable<Segment>
  cut?: boolean
  close(): Promise<void>
}
