import { open } from 'node:fs/promises'
import { AppError } from '../errors.ts'
import type { Entry } from './walk.ts'

/** A backup whose entries are known. */
export interface Archive {
  readonly entries: ReadonlyMap<string, Entry>
  /** The bytes of an entry, in pieces that hold until the next one is asked for. */
  read(name: string, signal?: AbortSignal): AsyncGenerator<Buffer>
  close(): Promise<void>
}

const pieceSize = 4 * 1024 * 1024

/** Throws `backup-unreadable`; reading throws `backup-damaged` for what is not there (any more). */
export async function openArchive(file: string, entries: ReadonlyMap<string, Entry>): Promise<Archive> {
  const handle = await open(file, 'r').catch(error => {
    throw new AppError('backup-unreadable', { file }, { cause: error })
  })
  const damaged = (detail: string) => new AppError('backup-damaged', { detail })

  async function fill(into: Buffer, position: number): Promise<Buffer> {
    for (let from = 0; from < into.length; ) {
      const { bytesRead } = await handle.read(into, from, into.length - from, position + from)
      // It became shorter since it was checked.
      if (bytesRead === 0) throw damaged('end')
      from += bytesRead
    }
    return into
  }

  return {
    entries,
    async *read(name, signal) {
      const entry = entries.get(name)
      if (!entry) throw damaged(name)
      const { size, position } = entry
      const ask = (into: Buffer, at: number) => {
        const reading = fill(into.subarray(0, Math.min(pieceSize, size - at)), position + at)
        reading.catch(() => {})
        return reading
      }
      let [filling, other] = [0, 1].map(at =>
        Buffer.allocUnsafe(Math.min(pieceSize, Math.max(0, size - at * pieceSize))),
      )
      let reading = size > 0 ? ask(filling, 0) : undefined
      for (let at = 0; reading; ) {
        signal?.throwIfAborted()
        const piece: Buffer = await reading
        at += piece.length
        ;[filling, other] = [other, filling]
        // One is read while the other is used.
        reading = at < size ? ask(filling, at) : undefined
        yield piece
      }
    },
    close: () => handle.close(),
  }
}
