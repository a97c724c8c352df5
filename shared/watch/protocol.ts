import type { FolderEntry, FolderIdentity, Reason } from '../model/index.ts'

/** `except`: folders that are ours, as they really lie. */
export interface ThreadSettings {
  except: readonly string[]
  /** What the thread is at: the number of the folder (0: nothing), and how many things it began. Read while it says nothing. */
  work: Int32Array
}

/** `folder`: whose work it is. What is told goes on when it is asked for `next`, so that nothing piles up on either side. */
export type Request = { id: number; folder: number } & Act

export type Act = { op: 'find'; path: string } | Begin | { op: 'next' } | { op: 'stop' }

/** What answers again and again. */
export type Begin =
  | { op: 'scan'; path: string; ignore: readonly string[]; at: readonly string[] | undefined }
  | { op: 'hints'; path: string; ignore: readonly string[] }
  | { op: 'read'; path: string; file: string }

export type Reply =
  | { id: number; found: FolderIdentity }
  | { id: number; entries: readonly FolderEntry[]; done: boolean }
  | { id: number; hints: readonly string[] }
  | { id: number; bytes: Uint8Array; done: boolean }
  | { id: number; reason: Reason }
