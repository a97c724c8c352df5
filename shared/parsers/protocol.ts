import type { ErrorCode } from '../model/index.ts'
import type { ParseEvent, ParseRequest, RecognizeRequest } from '../ports.ts'

/** What a parser may use up. */
export interface ParserLimits {
  /** Milliseconds of the processor without a finished segment. Watched inside the process. */
  segmentTime: number
  /** Milliseconds in which a process that is waited for does no work at all. Watched by the host. */
  stillTime: number
  /** Milliseconds by the clock without a finished segment, however busy the machine. Watched by the host. */
  clockTime: number
  /** Milliseconds of the processor for the text in the picture of one page. Watched inside the process. */
  recognitionTime: number
  /** Bytes of memory of the whole process (RSS). Watched inside the process. */
  memory: number
  /** Pages of a paged format. */
  pages: number
  /** Characters of an unpaged format; what follows is cut. */
  characters: number
}

export const DEFAULT_LIMITS: ParserLimits = {
  segmentTime: 60_000,
  stillTime: 60_000,
  clockTime: 600_000,
  recognitionTime: 120_000,
  memory: 1024 ** 3,
  pages: 5_000,
  characters: 200_000_000,
}

/** Segments and files on their way that the reader has not asked past yet: what bounds the memory of both sides. */
export const WINDOW = 8

export type ToParser =
  | { type: 'parse'; request: ParseRequest; limits: ParserLimits }
  /** Answered by one event of type `segment`. */
  | { type: 'recognize'; request: RecognizeRequest; limits: ParserLimits }
  /** The reader took so many of them. */
  | { type: 'more'; count: number }
  /** It wants no more of this file: the next event is `finish`, behind those under way. */
  | { type: 'stop' }
  /** How much has it worked? Answered by the thread that watches, at any time. */
  | { type: 'work' }

export type FromParser =
  /** An event as JSON: segments are many small objects, which JSON writes and reads faster than a structured clone. */
  | { type: 'event'; json: string }
  /** It gets on, through segments that the host has. */
  | { type: 'alive' }
  | { type: 'failed'; code: ErrorCode; values: Record<string, string | number>; detail: string }
  /** Milliseconds of the processor that the process has used, less what it takes to watch it. */
  | { type: 'work'; time: number }
  /** Something was lost, and is not the end. */
  | { type: 'note'; detail: string }
  /** The process ends itself, and this is why. */
  | { type: 'ending'; code: 'parser-memory' | 'parser-crashed' | 'parser-timeout'; detail: string }

export function parseEvent(json: string): ParseEvent {
  return JSON.parse(json) as ParseEvent
}
