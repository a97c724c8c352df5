import { spawn } from 'node:child_process'
import path from 'node:path'
import { configDefaults } from 'vitest/config'
import type { Report } from './failed-tests.ts'
import { secondLook, tellBoth } from './second-look.ts'

const vitest = path.join(import.meta.dirname, '../node_modules/vitest/vitest.mjs')
const reporter = path.join(import.meta.dirname, 'failed-tests.ts')

interface Ended {
  status: number
  /** To be told at the very end. */
  said: string
}

interface Where {
  root: string
  env?: NodeJS.ProcessEnv
  quiet?: boolean
  /** What has to be over before what failed is looked at by itself. */
  before?: Promise<unknown>
}

/** Runs Vitest with these arguments, and what failed, where it is little, once more by itself: then that run is the verdict. */
export async function runTests(args: readonly string[], where: Where): Promise<Ended> {
  const first = await run(args, where)
  if (first.status === 0) return { status: 0, said: '' }
  const again = secondLook(first.report, args)
  if (!first.report || !again) return { status: first.status, said: '' }
  await where.before
  if (!where.quiet) process.stdout.write(`\nOnce more by itself: ${first.report.files.length} of the files.\n`)
  const second = await run(again, where)
  const passed = second.status === 0 && second.report?.files.length === 0
  return { status: passed ? 0 : second.status || 1, said: tellBoth(first.report, second.report, where.root) }
}

function run(
  args: readonly string[],
  { root, env, quiet = false }: Where,
): Promise<{ status: number; report: Report | undefined }> {
  // Vitest would show nothing but what ours says.
  const usual = args.some(arg => arg.startsWith('--reporter')) ? [] : configDefaults.reporters
  const reporters = [...usual, reporter].map(name => `--reporter=${name}`)
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [vitest, 'run', ...args, ...reporters], {
      cwd: root,
      env,
      stdio: ['inherit', quiet ? 'ignore' : 'inherit', quiet ? 'ignore' : 'inherit', 'ipc'],
    })
    let report: Report | undefined
    child.on('message', message => {
      report = message as Report
    })
    child.on('error', reject)
    child.on('close', status => resolve({ status: status ?? 1, report }))
  })
}
