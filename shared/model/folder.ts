import type { Time } from './project.ts'
import type { Reason } from './reason.ts'

/** A folder of this machine that a project follows: what changes in it, changes in the project. */
export interface FollowedFolder {
  id: string
  projectId: string
  /** Absolute, where it really lies: no links in it. */
  path: string
  /** What the user wants left out, in the lines of a `.gitignore`. */
  ignore: string[]
  createdAt: Time
}

/**
 * `looking`: it is compared with what is known; `following`: what is known is what is in it; `asking`: the same, but for files that are
 * missing, whose documents wait for a word; `paused`: it cannot be looked at, and goes on by itself; `leaving`: its documents go to the
 * trash; `resting`: nothing here follows at the moment.
 */
export type FollowState = 'looking' | 'following' | 'asking' | 'paused' | 'leaving' | 'resting'

/** Files that went, too many at once for their documents to go unasked. */
export interface MissingFiles {
  files: number
  /** Of so many that are known. */
  known: number
  since: Time
  /** When the last of them went. */
  until: Time
  /** Nobody has said so far what is to become of their documents. */
  asks: boolean
}

/** As many of them as somebody was shown: what went later nobody was asked about. */
export type ShownMissing = Pick<MissingFiles, 'files' | 'until'>

/** A folder with how far it is. */
export interface FolderStatus extends FollowedFolder {
  state: FollowState
  /** Why it is paused, or what keeps it from hearing of changes at once. */
  reason: Reason | null
  /** Files that are documents of the project. */
  files: number
  /** Files that are not, though they should be: see `FolderProblem`. */
  problems: number
  missing: MissingFiles | null
  /** Files of types that nobody reads, when it was last looked at; null: never so far. */
  unsupported: number | null
}

/** Of a file (or a folder) in it, by its path there. */
export interface FolderProblem {
  path: string
  reason: Reason
}

/** What a folder is on its disk: another one in its place has another identity. */
export interface FolderIdentity {
  path: string
  device: string
  inode: string
  /** It lies on another machine, as far as the system says: what is not there may only be out of reach. */
  network: boolean
}

/** A file as the disk describes it, without looking into it. */
export interface FileFacts {
  size: number
  /** Microseconds since 1970. */
  modifiedAt: number
  device: string
  inode: string
}

/** What was found at a path below a folder; paths have `/` between their parts. */
export type FolderEntry =
  | ({ type: 'file'; path: string } & FileFacts)
  /** Asked for by its path, and not there or left out. `device`: of the nearest folder above that is there. */
  | { type: 'absent'; path: string; device: string; leftOut: boolean }
  /** What is there or below cannot be told. */
  | { type: 'problem'; path: string; reason: Reason }
