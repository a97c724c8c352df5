import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** All TypeScript of the product, by its path in the repository: what rules about sources are held against. */
export async function readSources(): Promise<Map<string, string>> {
  const root = join(import.meta.dirname, '..')
  const files = new Map<string, string>()
  for (const top of ['main', 'server', 'renderer', 'shared']) {
    const entries = await readdir(join(root, top), { recursive: true }).catch(() => [])
    for (const entry of entries.filter(name => /\.tsx?$/.test(name))) {
      const file = join(top, entry).replaceAll('\\', '/')
      files.set(file, await readFile(join(root, file), 'utf8'))
    }
  }
  return files
}
