/**
 * Which checksum a model of the catalog had when it was fetched for the first time: nothing else is taken under its name from
 * then on. A line for each in one file, as `sha256sum` writes them with the address in the file's place; the last one counts.
 * Lines are only ever added, in one write each, so that two processes lose nothing of each other's.
 */
import { open, readFile } from 'node:fs/promises'

export interface Pins {
  get(key: string): Promise<string | undefined>
  /** Durable when it resolves. */
  learn(key: string, sha256: string): Promise<void>
}

export function createPins(file: string): Pins {
  async function get(key: string): Promise<string | undefined> {
    const text = await readFile(file, 'utf8').catch((error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return ''
      throw error
    })
    const lines = text.split('\n').map(line => /^([\da-f]{64}) {2}(.+)$/.exec(line))
    return lines.findLast(line => line?.[2] === key)?.[1]
  }
  return {
    get,
    async learn(key, sha256) {
      if (/[\r\n]/.test(key) || (await get(key)) === sha256) return
      const handle = await open(file, 'a', 0o600)
      try {
        // The line before may have been cut off by a loss of power.
        await handle.appendFile(`\n${sha256}  ${key}\n`)
        await handle.datasync()
      } finally {
        await handle.close()
      }
    },
  }
}
