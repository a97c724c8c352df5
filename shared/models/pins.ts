/**
 * Which checksum the file at an address had when it was fetched for the first time: of a model of the catalog nothing else is
 * taken from then on. A line for each in one file, as `sha256sum` writes them with the address in the file's place; the last one counts.
 * Lines are only ever added, in one write each, so that two processes lose nothing of each other's.
 */
import { open, readFile } from 'node:fs/promises'

export interface Pins {
  get(key: string): Promise<string | undefined>
  /** The address that bytes with this checksum were fetched from. */
  origin(sha256: string): Promise<string | undefined>
  /** Durable when it resolves. */
  learn(key: string, sha256: string): Promise<void>
}

/** In the folder of the models. */
export const pinsName = 'pinned.sha256'

export function createPins(file: string): Pins {
  async function read(): Promise<{ sha256: string; key: string }[]> {
    const text = await readFile(file, 'utf8').catch((error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return ''
      throw error
    })
    return text.split('\n').flatMap(line => {
      const [, sha256, key] = /^([\da-f]{64}) {2}(.+)$/.exec(line) ?? []
      return sha256 !== undefined && key !== undefined ? [{ sha256, key }] : []
    })
  }
  const get = async (wanted: string) => (await read()).findLast(({ key }) => key === wanted)?.sha256
  return {
    get,
    origin: async wanted => (await read()).findLast(({ sha256 }) => sha256 === wanted)?.key,
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
