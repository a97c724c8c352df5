/**
 * A start that fails must not be all that a user ever sees. Each start leaves a mark, which goes when the library is open; one that finds
 * marks of others knows that they came to nothing. In safe mode nothing is opened, and whatever is done there deletes nothing.
 */
import { rmSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import path from 'node:path'
import type { Reason } from '../../shared/model/index.ts'
import { readText, writeWhole } from '../files.ts'

export interface StartMark {
  /** Starts before this one that came to nothing, one after the other. */
  readonly failed: number
  /** The library is open. */
  ready(): Promise<void>
  /** It was the user who ended it before. At once: with the system going down there may be no later. */
  left(): void
}

/** Never rejects: where no mark can be left, starts are not counted, and they start. */
export async function markStart(folder: string, dataDirectory: string): Promise<StartMark> {
  const file = path.join(folder, 'starting.json')
  const failed = countOf(await readText(file).catch(() => undefined), dataDirectory)
  await writeWhole(file, `${JSON.stringify({ failed: failed + 1, dataDirectory })}\n`).catch(() => {})
  let isReady = false
  const remove = () => rm(file, { force: true }).catch(() => {})
  return {
    failed,
    async ready() {
      isReady = true
      await remove()
    },
    left() {
      if (isReady) return
      try {
        // Those before it are no better for it.
        if (failed === 0) rmSync(file, { force: true })
        else writeFileSync(file, `${JSON.stringify({ failed, dataDirectory })}\n`)
      } catch {
        // It counts as one that failed.
      }
    },
  }
}

/** Of another library it says nothing. */
function countOf(text: string | undefined, dataDirectory: string): number {
  try {
    const found = JSON.parse(text ?? '') as { failed?: unknown; dataDirectory?: unknown }
    if (found.dataDirectory !== dataDirectory) return 0
    return typeof found.failed === 'number' && found.failed > 0 ? Math.min(1000, Math.floor(found.failed)) : 0
  } catch {
    // Half a mark is a mark: whoever wrote it did not come far.
    return text === undefined ? 0 : 1
  }
}

/** In a row. Once may be a machine that lost its power. */
const tooMany = 2
/** What the server says of a library that another try will not open. */
const ofTheLibrary: readonly string[] = ['data-damaged', 'data-newer', 'data-older', 'disk-error', 'sqlite-too-old']

export type SafeReason =
  | { why: 'crashed'; failed: number }
  | { why: 'refused'; reason: Reason }
  /** It took so long to open that its user chose this. */
  | { why: 'slow' }

/**
 * Whether this is a start in safe mode: before the server is started by what is known of the starts before, and when it has given up by
 * what it says. Undefined: no. What may pass by itself (a full disk, another program that has the folder) is said, and no safe mode.
 */
export function decideSafeMode(known: { failed: number } | { reason: Reason }): SafeReason | undefined {
  if ('failed' in known) return known.failed >= tooMany ? { why: 'crashed', failed: known.failed } : undefined
  // Whatever it died of, it died of it again and again.
  const { code } = known.reason
  return ofTheLibrary.includes(code) || code === 'internal' ? { why: 'refused', reason: known.reason } : undefined
}

export type SafeChoice = 'retry' | 'check' | 'restore' | 'others' | 'show' | 'quit'

/** What there is to choose, the safest first; a newer library is not damaged, so no older one is to take its place. */
export function safeChoices(reason: SafeReason, backups: number): SafeChoice[] {
  const newer = reason.why === 'refused' && reason.reason.code === 'data-newer'
  return [
    'retry',
    ...(newer ? [] : ['check' as const]),
    ...(newer || backups === 0 ? [] : ['restore' as const]),
    ...(newer || backups < 2 ? [] : ['others' as const]),
    'show',
    'quit',
  ]
}
