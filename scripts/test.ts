/**
 * `npm test`: what reads the sources, beside what runs them. Arguments go to vitest; what is wrong with the sources is said at the end. Where few
 * files failed, they get a second look (`second-look.ts`).
 */
import { spawn } from 'node:child_process'
import { setPriority } from 'node:os'
import path from 'node:path'
import { runTests } from './run-tests.ts'

const root = path.join(import.meta.dirname, '..')

function lintQuietly(): Promise<{ status: number; said: string }> {
  return new Promise((resolve, reject) => {
    const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
    const child = spawn(npm, ['run', '-s', 'lint'], { cwd: root, stdio: ['inherit', 'pipe', 'pipe'] })
    let said = ''
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (more: string) => {
        said += more
      })
    // Tests have deadlines, and what reads has none: it takes what they leave.
    if (child.pid !== undefined) setPriority(child.pid, 10)
    child.on('error', reject)
    child.on('close', status => resolve({ status: status ?? 1, said }))
  })
}

const linting = lintQuietly()
const tests = await runTests(process.argv.slice(2), { root, before: linting })
const lint = await linting
if (lint.said.trim() !== '') process.stdout.write(`\n${lint.said}`)
if (lint.status !== 0) process.stdout.write('\n`npm run lint` found what is above.\n')
process.stdout.write(tests.said)
process.exitCode = lint.status || tests.status
