/** Builds the screen where that is still to be done. */
import { spawnSync } from 'node:child_process'
import { rename, rm, utimes } from 'node:fs/promises'
import path from 'node:path'
import { newest } from './newest.ts'

const root = path.join(import.meta.dirname, '..')
export const builtScreen = path.join(root, 'dist/renderer')

// What goes into the page, besides packages, which change with the lock file. A program that was installed without its sources is as built as it will be.
const sources = ['renderer', 'shared/api', 'shared/messages', 'shared/errors.ts', 'vite.config.ts', 'package-lock.json']
const isBuilt = async () => (await newest(builtScreen, 'index.html')) >= (await newest(root, ...sources))

/** The exit status of what builds; 0 where nothing was to be built. */
export async function buildScreen(): Promise<number> {
  if (await isBuilt()) return 0
  const begun = new Date()
  // Beside what other servers serve from: a page they gave out still asks for parts of it.
  const own = `${builtScreen}.${process.pid}`
  // In a process of its own: what builds takes 300 MB and more, which the server would keep.
  const vite = path.join(root, 'node_modules/vite/bin/vite.js')
  const to = ['--outDir', own, '--logLevel', 'warn']
  const args = [vite, 'build', '--config', path.join(root, 'vite.config.ts'), ...to]
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: ['ignore', 2, 2] })
  if (status !== 0) {
    await rm(own, { recursive: true, force: true })
    return status ?? 1
  }
  // What is changed while it is built is built the next time.
  await utimes(path.join(own, 'index.html'), begun, begun)
  // Of several that were started at once, the first one's stays.
  if (!(await isBuilt())) {
    const before = `${builtScreen}.${process.pid}.before`
    await rename(builtScreen, before).catch(() => {})
    await rename(own, builtScreen).catch(() => {})
    await rm(before, { recursive: true, force: true })
  }
  await rm(own, { recursive: true, force: true })
  return 0
}
