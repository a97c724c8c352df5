/** Between the desktop's main process and its server, besides what is the broker's. */
import type { ErrorCode } from '../model/index.ts'

export interface ServerStart {
  type: 'start'
  /** A Unix socket or a named pipe; there is no port. */
  socket: string
  /** Who shows it is the window's page, or main itself. */
  token: string
  dataDirectory: string
  /** As variables of the environment, and before them; here nobody else can read them, as a key needs it. */
  settings?: Readonly<Record<string, string>>
}

/** One piece of work on a library; the process ends after it. */
export type ServerTask = Pick<ServerStart, 'dataDirectory' | 'settings'> &
  (
    | { type: 'check' }
    /** Into a folder of backups, where it stays until somebody removes it; also beside the server. */
    | { type: 'backup'; folder: string }
    /** The models of a folder, also beside the server. */
    | { type: 'unpack'; folder: string }
    /** In place of all that is there, which is set aside; nobody else has it open, from before the first until after the last of it. */
    | { type: 'restore'; file: string }
    /** Nobody else opens it, until it is told to stop: no server and no command. */
    | { type: 'hold' }
  )

/** `present`: it was there already, byte for byte. */
export interface TakenModel {
  name: string
  state: 'taken' | 'present'
}

/** As `cloister doctor` tells it, in the language of the settings. */
export interface CheckFinding {
  name: string
  state: 'ok' | 'warn' | 'bad'
  text: string
}

/**
 * What a server is at before it is ready: waits for commands that are at work on the library, opens the database (after an end in mid-work
 * what was written last is brought in order), brings it to this version, or does the rest.
 */
export type StartStep = 'waiting' | 'opening' | 'migrating' | 'beginning'

export type ToServer =
  | ServerStart
  | ServerTask
  /** In order: short requests are finished, answers and jobs go on next time. */
  | { type: 'stop' }
  /** Is anybody there? */
  | { type: 'ping' }
  /** The last word has come. */
  | { type: 'seen' }

/** `checked`, `backed-up`, `unpacked`, `restored` and `failed` are last words: it ends when it is told that they were seen, or soon after. */
export type FromServer =
  | { type: 'doing'; step: StartStep }
  /** `inspected`: somebody may hold it with a debugger. */
  | { type: 'pong'; inspected: boolean }
  | { type: 'ready' }
  | { type: 'checked'; findings: readonly CheckFinding[] }
  | { type: 'backed-up'; file: string; documents: number; incomplete: boolean }
  /** Of all that is to be read and written, between 0 and 1. `file`: of models, the one in work. */
  | { type: 'progress'; file?: string; part: number }
  | { type: 'unpacked'; models: readonly TakenModel[] }
  /** `aside`: where lies what was there. */
  | { type: 'restored'; aside: string }
  | { type: 'holding' }
  | { type: 'failed'; code: ErrorCode; values: Record<string, string | number> }

export const isFromServer = (message: unknown): message is FromServer =>
  typeof message === 'object' && message !== null && 'type' in message
