/** The bytes of a download that are there: written, hashed, and durable up to a place that is known. */
import { createHash, type Hash } from 'node:crypto'
import { open } from 'node:fs/promises'

export interface Part {
  readonly length: number
  write(bytes: Uint8Array): Promise<void>
  /** Throws away what is there. */
  empty(): Promise<void>
  /** Resolves when all of it is durable, and `durable` was told so. */
  sync(): Promise<void>
  /** Of all that is there. */
  sha256(): string
  close(): Promise<void>
}

export interface PartOptions {
  /** Bytes of an earlier process that are known to be durable; what lies behind them may be holes. */
  durable: number
  /** Called with a growing number of bytes, or 0; nothing else is written until it is done. Its errors come out of the next call. */
  saved: (durable: number) => Promise<void>
  /** While bytes of an earlier process are read for the checksum. */
  reading?: (done: number, all: number) => void
  signal?: AbortSignal
}

/**
 * Bytes after which what is there is made durable, beside the writing; and bytes not yet durable at which writing waits for
 * that. At a kill no more than the second is lost, and what the system had received meanwhile: some 4 MB where the sender is
 * next door (bench `download`).
 */
const syncStep = 1024 * 1024
const mostLost = 2 * 1024 * 1024
const readStep = 1024 * 1024

export async function openPart(file: string, options: PartOptions): Promise<Part> {
  const { saved, signal } = options
  const handle = await open(file, 'a+', 0o600).then(async made => {
    await made.close()
    return open(file, 'r+')
  })
  let hash: Hash = createHash('sha256')
  let length = 0
  let durable = 0
  let syncing: Promise<void> | undefined
  let failure: unknown

  /** What was begun ends with what was there when it began. */
  function startSync(): Promise<void> {
    syncing ??= (async () => {
      const upTo = length
      await handle.datasync()
      await saved(upTo)
      durable = upTo
    })()
      .catch(error => {
        failure ??= error
      })
      .finally(() => {
        syncing = undefined
      })
    return syncing
  }

  function check(): void {
    if (failure !== undefined) throw failure
  }

  async function settle(): Promise<void> {
    await syncing
    check()
  }

  async function readAgain(): Promise<void> {
    const { size } = await handle.stat()
    const all = Math.min(options.durable, size)
    const buffer = Buffer.allocUnsafe(Math.min(readStep, all))
    while (length < all) {
      signal?.throwIfAborted()
      const { bytesRead } = await handle.read(buffer, 0, Math.min(readStep, all - length), length)
      if (bytesRead === 0) break
      hash.update(buffer.subarray(0, bytesRead))
      length += bytesRead
      options.reading?.(length, all)
    }
    await handle.truncate(length)
    durable = length
  }

  try {
    await readAgain()
  } catch (error) {
    await handle.close()
    throw error
  }
  return {
    get length() {
      return length
    },
    async write(bytes) {
      check()
      for (let done = 0; done < bytes.length; )
        done += (await handle.write(bytes, done, bytes.length - done, length + done)).bytesWritten
      hash.update(bytes)
      length += bytes.length
      if (length - durable < syncStep) return
      const under = startSync()
      if (length - durable >= mostLost) await under
      check()
    },
    async empty() {
      await settle()
      await handle.truncate(0)
      hash = createHash('sha256')
      length = 0
      durable = 0
      await saved(0)
    },
    async sync() {
      await settle()
      if (length > durable) await startSync()
      check()
    },
    sha256: () => hash.copy().digest('hex'),
    async close() {
      await syncing
      await handle.close()
    },
  }
}
