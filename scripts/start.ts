/** `npm start`: builds the screen where that is still to be done, then serves. */
import { spawnSync } from 'node:child_process'
import { readdir, stat } from 'node:fs/promises'
import path from 'node:path'

const root = path.join(import.meta.dirname, '..')

/** Time of the newest file, in milliseconds since 1970; 0 when there is none. */
async function newest(entry: string): Promise<number> {
  const found = await stat(path.join(root, entry)).catch(() => undefined)
  if (!found) return 0
  if (!found.isDirectory()) return found.mtimeMs
  const inside = await readdir(path.join(root, entry))
  return Math.max(0, ...(await Promise.all(inside.map(name => newest(path.join(entry, name))))))
}

// What goes into the page, besides packages, which change with the lock file. A program that was installed without its sources is as built as it will be.
const sources = ['renderer', 'shared/api', 'shared/messages', 'shared/errors.ts', 'vite.config.ts', 'package-lock.json']
const built = await newest('dist/renderer/index.html')
const changed = Math.max(...(await Promise.all(sources.map(newest))))
if (built < changed) {
  // In a process of its own: what builds takes 300 MB and more, which the server would keep.
  const vite = path.join(root, 'node_modules/vite/bin/vite.js')
  const args = [vite, 'build', '--config', path.join(root, 'vite.config.ts'), '--logLevel', 'warn']
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: ['ignore', 2, 2] })
  if (status !== 0) process.exit(status ?? 1)
}
process.argv.splice(2, 0, 'serve')
await import('../server/main.ts')
