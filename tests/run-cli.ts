import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import Database from 'better-sqlite3'
import { fromSources, program } from './program.ts'

export const root = path.resolve(import.meta.dirname, '..')

export interface Finished {
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
}

export interface Running {
  child: ChildProcess
  finished: Promise<Finished>
  /** Whether any process that it started is still there. */
  leftOver(): boolean
}

export interface Place {
  folder: string
  /** Where temporary libraries of these runs lie. */
  temporary: string
  /** Starts the real command line, standing in `folder`. */
  start(args: readonly string[], options?: RunOptions): Running
  run(args: readonly string[], options?: RunOptions): Promise<Finished>
  /** With `--json`: the one object on standard output. */
  json<T = Record<string, unknown>>(args: readonly string[], options?: RunOptions): Promise<T & { code: number | null }>
  remove(): Promise<void>
}

export interface RunOptions {
  language?: 'de' | 'en'
  input?: string
  environment?: Record<string, string>
  /** As users start it. */
  npm?: boolean
  /** From the sources and without `npm`, whose process it would else be that is started. */
  sources?: boolean
}

/** A folder of its own, with a home and a temporary folder inside, so that nothing of the machine is seen or touched. */
export async function makePlace(): Promise<Place> {
  const folder = await mkdtemp(path.join(tmpdir(), 'cloister-cli-'))
  const temporary = path.join(folder, 'tmp')
  const home = path.join(folder, 'home')
  await mkdir(temporary)
  await mkdir(home)

  function start(
    args: readonly string[],
    { language = 'en', input, environment, npm = false, sources = false }: RunOptions = {},
  ): Running {
    const node = [process.execPath, ...(sources ? fromSources : program)]
    const command = npm ? ['npm', '--prefix', root, 'run', '-s', 'cloister', '--'] : node
    const [file = '', ...before] = command
    const child = spawn(file, [...before, ...args], {
      cwd: npm ? folder : root,
      env: {
        PATH: process.env.PATH,
        HOME: home,
        TMPDIR: temporary,
        ...(!npm && { INIT_CWD: folder }),
        LANG: language === 'de' ? 'de_DE.UTF-8' : 'en_GB.UTF-8',
        ...environment,
      },
      // A group of its own: whoever is left in it afterwards was left behind.
      detached: true,
      stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    })
    if (input !== undefined) child.stdin?.end(input)
    let stdout = ''
    let stderr = ''
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
    })
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
    })
    const finished = new Promise<Finished>((resolve, reject) => {
      child.on('error', reject)
      child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }))
    })
    return { child, finished, leftOver: () => groupLives(child.pid!) }
  }

  const run: Place['run'] = (args, options) => start(args, options).finished
  return {
    folder,
    temporary,
    start,
    run,
    async json<T>(args: readonly string[], options?: RunOptions) {
      const { code, stdout } = await run([...args, '--json'], options)
      if (!stdout.endsWith('}\n') || stdout.trim().includes('\n')) throw new Error(`not one object: ${stdout}`)
      return { ...(JSON.parse(stdout) as T), code }
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  }
}

function groupLives(group: number): boolean {
  try {
    process.kill(-group, 0)
    return true
  } catch {
    return false
  }
}

/** Whether a document of this library is being read: some pages are there, others are not. */
export function isReading(data: string): boolean {
  const file = path.join(data, 'cloister.db')
  if (!existsSync(file)) return false
  try {
    const database = new Database(file, { readonly: true, fileMustExist: true })
    try {
      return (
        database
          .prepare(`select 1 from document where state = 'parsing' and parsed between 1 and segments - 1`)
          .get() !== undefined
      )
    } finally {
      database.close()
    }
  } catch {
    // The tables are just being made.
    return false
  }
}
