import type { FoundFile } from './document.ts'
import type { Reason } from './reason.ts'
import type { Segment } from './segment.ts'

/**
 * A process died where reading goes on. `alone`: nothing is asked of a segment before its turn, so that each does its own harm
 * and none another's. `bare`: and of the next segment, which did harm by itself, its bare text is enough.
 */
export type Care = 'alone' | 'bare'

export interface ParseRequest {
  /** Local path, only read. */
  file: string
  /** File name: its extension decides the format together with the first bytes. */
  name: string
  /** Segments up to this number are known already and are not read again. */
  after: number
  /** The last state that came with one of them. */
  state?: string
  /** Opens a protected file; kept nowhere. */
  password?: string
  /** Files inside: up to this number they are known already; they are taken out into `scratch`, or only named without it. */
  filesAfter?: number
  scratch?: string
  careful?: Care
}

/** A page whose picture is to be looked at for text. */
export interface RecognizeRequest {
  /** Local path, only read. */
  file: string
  /** File name: its extension decides the format. */
  name: string
  /** From 1. */
  page: number
  /** Opens a protected file; kept nowhere. */
  password?: string
}

export type ParseEvent =
  /** First: what it is, before anything was read. `segments` is known for pages only. */
  | { type: 'start'; mediaType: string; paged: boolean; segments: number | null }
  /** `state`, where it changed: what to hand back when reading goes on. Opaque, and small: what is long is not kept. */
  | { type: 'segment'; segment: Segment; state?: string }
  | ({ type: 'file' } & FoundFile)
  /** Last. `cut` when the text went on past the limit; `reasons`: what else was lost of it, and why. */
  | { type: 'finish'; segments: number; cut: boolean; reasons: Reason[] }
