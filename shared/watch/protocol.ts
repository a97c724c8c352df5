import type { FolderEntry, FolderIdentity, Reason } from '../model/index.ts'

/** `except`: folders that are ours, as they really lie. */
export interface ThreadSettings {
  except: readonly string[]
}

/** What is told goes on when it is asked for `next`, so that nothing piles up on either side. */
export type Request =
  | { id: number; op: 'find'; path: string }
  | { id: number; op: 'scan'; path: string; ignore: readonly string[]; at: readonly string[] | undefined }
  | { id: number; op: 'hints'; path: string; ignore: readonly string[] }
  | { id: number; op: 'next' }
  | { id: number; op: 'stop' }

export type Reply =
  | { id: number; found: FolderIdentity }
  | { id: number; entries: readonly FolderEntry[]; done: boolean }
  | { id: number; hints: readonly string[] }
  | { id: number; reason: Reason }
