/** `npm test`: what reads the sources, beside what runs them. Arguments go to vitest; what is wrong with the sources is said at the end. */
import { spawn } from 'node:child_process'
import { setPriority } from 'node:os'
import path from 'node:path'

const root = path.join(import.meta.dirname, '..')

interface Ended {
  status: number
  said: string
}

function run(command: string, args: readonly string[], { quiet = false } = {}): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: root,
      stdio: ['inherit', ...(quiet ? (['pipe', 'pipe'] as const) : (['inherit', 'inherit'] as const))],
    })
    let said = ''
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding('utf8').on('data', (more: string) => {
        said += more
      })
    // Tests have deadlines, and what reads has none: it takes what they leave.
    if (quiet && child.pid !== undefined) setPriority(child.pid, 10)
    child.on('error', reject)
    child.on('close', status => resolve({ status: status ?? 1, said }))
  })
}

const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
const vitest = path.join(root, 'node_modules/vitest/vitest.mjs')
const [lint, tests] = await Promise.all([
  run(npm, ['run', '-s', 'lint'], { quiet: true }),
  run(process.execPath, [vitest, 'run', ...process.argv.slice(2)]),
])
if (lint.said.trim() !== '') process.stdout.write(`\n${lint.said}`)
if (lint.status !== 0) process.stdout.write('\n`npm run lint` found what is above.\n')
process.exitCode = lint.status || tests.status
