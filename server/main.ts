/** The command line's entry: arguments in, exit code out. 0 done, 1 failed, 2 usage, 130 interrupted. */
import { enableCompileCache } from 'node:module'
import path from 'node:path'

// Stripping types and compiling take half of the start (measured: 0.5 s of CPU, 0.27 s with a warm cache). It lies
// inside the installation: a cache in the shared temporary folder could be somebody else's code.
const compileCache = path.join(import.meta.dirname, '../node_modules/.cache/cloister')
enableCompileCache(compileCache)

const argv = process.argv.slice(2)
const { shareCompileCache } = await import('./config.ts')
shareCompileCache(compileCache)
const { createContext } = await import('./context.ts')
const { report } = await import('./report.ts')
const context = createContext(argv)

async function end(code: number): Promise<never> {
  await context.terminal.flush()
  process.exit(code)
}

// What nobody awaits must not vanish, nor print itself in a stranger's words.
for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
  process.on(event, error => void end(report(context, error)))
}

try {
  const { createProgram } = await import('./program.ts')
  const program = createProgram(context)
  await program.parseAsync(argv, { from: 'user' })
  await end(context.interrupts.interrupted ? report(context, context.signal.reason) : context.exitCode)
} catch (error) {
  await end(report(context, error))
}
