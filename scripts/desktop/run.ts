/** `npm run desktop [-- ARGUMENTS]`: puts the application together where that is still to be done, and starts it. */
import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { readConfig } from '../../server/config.ts'
import { createTranslate } from '../../shared/messages/index.ts'
import { isStaged, stageHere } from './checkout.ts'
import { electronVersion, fetchesElectron, findElectron } from './electron.ts'
import { staged } from './root.ts'

const { language, workingDirectory } = readConfig()
const words = createTranslate(language)
const say = (text: string) => process.stderr.write(`${text}\n`)

/** Its exit code; 128 and more where a signal ended it, as in a shell. */
async function run(program: string, args: readonly string[], cwd: string): Promise<number> {
  // Terminals in programs that are made with Electron have it, and with it there would be no window.
  const { ELECTRON_RUN_AS_NODE: _, ...env } = process.env
  // From before it is begun: it may speak, and be answered by a signal, while `spawn` is still on its way back.
  let told = false
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => {
      if (!told) child.kill(signal)
      told = true
    })
  // In a group of its own: a terminal and npm both tell of Ctrl-C, and Chromium takes the second time for the order to die at once.
  const child = spawn(program, args, { cwd, env, stdio: 'inherit', detached: process.platform !== 'win32' })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)))
  })
}

/** Undefined where it cannot be had; then it was said why. */
async function obtainElectron(): Promise<string | undefined> {
  const { program, isThere, override } = findElectron()
  if (isThere) return program
  if (override !== undefined) return void say(words('checkout.elsewhere', { folder: override, program }))
  const version = electronVersion()
  if (version === undefined) return void say(words('checkout.absent'))
  say(words('checkout.fetching'))
  const status = await run(process.execPath, [fetchesElectron], workingDirectory)
  if (status === 0 && findElectron().isThere) return program
  return void say(words('checkout.unfetched', { version }))
}

const program = await obtainElectron()
if (program === undefined) process.exit(1)
if (!(await isStaged())) {
  say(words('checkout.staging'))
  const status = await stageHere()
  if (status !== 0) process.exit(status)
}
try {
  process.exitCode = await run(program, [staged, ...process.argv.slice(2)], workingDirectory)
} catch (error) {
  say(words('checkout.unstarted', { program, cause: (error as Error).message }))
  process.exitCode = 1
}
