import { open } from 'node:fs/promises'

/** Bytes that can be read anywhere: of a file, or held in memory. */
export interface Bytes {
  readonly size: number
  /** Fewer at the end, none behind it. */
  read(at: number, length: number): Promise<Buffer>
  close(): Promise<void>
}

/** A path, or the bytes themselves. */
export async function openBytes(source: string | Uint8Array): Promise<Bytes> {
  if (typeof source !== 'string') {
    const buffer = Buffer.from(source.buffer, source.byteOffset, source.byteLength)
    return {
      size: buffer.length,
      read: async (at, length) => buffer.subarray(at, at + length),
      close: async () => {},
    }
  }
  const handle = await open(source, 'r')
  try {
    const { size } = await handle.stat()
    return {
      size,
      async read(at, length) {
        const buffer = Buffer.alloc(Math.max(0, Math.min(length, size - at)))
        let read = 0
        while (read < buffer.length) {
          const { bytesRead } = await handle.read(buffer, read, buffer.length - read, at + read)
          if (bytesRead === 0) break
          read += bytesRead
        }
        return buffer.subarray(0, read)
      },
      close: () => handle.close(),
    }
  } catch (error) {
    await handle.close()
    throw error
  }
}
