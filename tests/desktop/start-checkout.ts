/** `npm run desktop`, with a program in Electron's place that says what it was given. */
import { spawn } from 'node:child_process'
import { chmod, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { root } from '../run-cli.ts'

/** `folder`: where it stands, its home, and where Electron is said to be. */
export function startCheckout(folder: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const child = spawn(process.execPath, ['scripts/desktop/run.ts', ...args], {
    cwd: root,
    env: {
      PATH: process.env.PATH,
      HOME: folder,
      LANG: 'de_DE.UTF-8',
      INIT_CWD: folder,
      ELECTRON_OVERRIDE_DIST_PATH: folder,
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE,
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const said = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (text: string) => {
      said[name] += text
    })
  const finished = new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve))
  return { child, said, finished }
}

/** As it is on Linux. */
export async function putProgram(folder: string, script: string): Promise<void> {
  const file = path.join(folder, 'electron')
  await writeFile(file, `#!/bin/sh\n${script}\n`)
  await chmod(file, 0o755)
}
