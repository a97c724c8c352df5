/** Files as those of a library, for tests of what is done with its folder. */
import { createHash, randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'

export async function fillLibrary(from: string, files = 24): Promise<void> {
  const blobs = path.join(from, 'blobs')
  await mkdir(path.join(from, 'models'), { recursive: true })
  await mkdir(path.join(from, 'logs', 'empty'), { recursive: true })
  for (const name of ['running', 'scratch']) await mkdir(path.join(from, name))
  for (const name of ['cloister.db', 'cloister.db-wal', 'secrets.json', 'logs/cloister.log'])
    await writeFile(path.join(from, name), randomBytes(5000))
  await writeFile(path.join(from, 'server.lock'), '')
  await writeFile(path.join(from, 'scratch', 'rest'), 'x')
  for (let at = 0; at < files; at++) {
    const bytes = randomBytes(20_000 + at)
    const hash = createHash('sha256').update(bytes).digest('hex')
    await mkdir(path.join(blobs, hash.slice(0, 2)), { recursive: true })
    await writeFile(path.join(blobs, hash.slice(0, 2), hash.slice(2)), bytes)
  }
  await symlink('../models-of-all', path.join(from, 'models', 'link.gguf'))
}

/** What belongs to the library, by path. */
export async function contentOf(folder: string): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  const walk = async (at: string): Promise<void> => {
    for (const entry of await readdir(at, { withFileTypes: true }).catch(() => [])) {
      const file = path.join(at, entry.name)
      if (entry.isDirectory()) await walk(file)
      else if (entry.isFile())
        found.set(
          path.relative(folder, file),
          createHash('sha256')
            .update(await readFile(file))
            .digest('hex'),
        )
    }
  }
  await walk(folder)
  for (const name of [...found.keys()]) if (/^(?:running|scratch|server|commands|moving)/.test(name)) found.delete(name)
  return found
}
