import { readdir, stat } from 'node:fs/promises'
import path from 'node:path'

/** Time of the newest of these files, and of those in these folders, in milliseconds since 1970; 0 when there is none. */
export async function newest(folder: string, ...entries: string[]): Promise<number> {
  return Math.max(0, ...(await Promise.all(entries.map(entry => newestOf(path.join(folder, entry))))))
}

async function newestOf(place: string): Promise<number> {
  const found = await stat(place).catch(() => undefined)
  if (!found) return 0
  return found.isDirectory() ? newest(place, ...(await readdir(place))) : found.mtimeMs
}
