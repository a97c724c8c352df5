/** The command line of an installation, as the folder itself has it: with nothing of this one, and a home of its own. */
import { spawn } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import path from 'node:path'

/** Nothing of the machine but where its programs are. */
export const env = { PATH: process.env.PATH }

export interface Ended {
  code: number | null
  stdout: string
  stderr: string
}

/** `place`: where it stands, and where its home and its data are. */
export async function runProgram(app: string, place: string, args: readonly string[]): Promise<Ended> {
  const temporary = path.join(place, 'tmp')
  await mkdir(temporary, { recursive: true })
  const child = spawn(process.execPath, [path.join(app, 'server/main.js'), ...args], {
    cwd: place,
    env: { HOME: place, TMPDIR: temporary, LANG: 'de_DE.UTF-8', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const code = await new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve))
  return { code, stdout, stderr }
}
