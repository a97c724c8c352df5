/** The application as a checkout starts it: put together in `dist/app` where that is still to be done. */
import { spawn } from 'node:child_process'
import { readFile, rename, rm, utimes, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { newest } from '../newest.ts'
import { root, staged } from './root.ts'
import { machineHere } from './targets.ts'

/** For what it was put together. Installers are made of another, which has no such file. */
const stamp = '.checkout'

const sources = [
  'main',
  'server',
  'shared',
  'renderer',
  'models/catalog.json',
  'samples',
  'build/tray',
  'build/icons',
  'scripts/build-server.ts',
  'scripts/desktop',
  'vite.config.ts',
  'package.json',
  'package-lock.json',
  'LICENSE',
]

export async function isStaged(): Promise<boolean> {
  const target = await readFile(path.join(staged, stamp), 'utf8').catch(() => undefined)
  return target === machineHere() && (await newest(staged, stamp)) >= (await newest(root, ...sources))
}

/** Puts it together anew, and resolves with the exit status of what does. */
export async function stageHere(): Promise<number> {
  const begun = new Date()
  // Beside the one that may be running.
  const own = `${staged}.${process.pid}`
  const script = path.join(import.meta.dirname, 'stage.ts')
  // In a process of its own: what builds takes 300 MB and more.
  const child = spawn(process.execPath, [script, machineHere(), own], { cwd: root, stdio: ['ignore', 'ignore', 2] })
  try {
    const status = await new Promise<number>((resolve, reject) => {
      child.on('error', reject)
      child.on('close', code => resolve(code ?? 1))
    })
    if (status !== 0) return status
    await writeFile(path.join(own, stamp), machineHere())
    // What is changed while it is put together is in it the next time.
    await utimes(path.join(own, stamp), begun, begun)
    // Of several at once, the first one's stays.
    if (!(await isStaged())) {
      await rename(staged, `${own}.before`).catch(() => {})
      await rename(own, staged)
    }
    return 0
  } finally {
    await rm(own, { recursive: true, force: true })
    await rm(`${own}.before`, { recursive: true, force: true })
  }
}
