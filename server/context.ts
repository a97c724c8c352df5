import path from 'node:path'
import { createLazyLog } from '../shared/log.ts'
import { createTranslate, type Translate } from '../shared/messages/index.ts'
import type { Log } from '../shared/ports.ts'
import { type Config, readConfig } from './config.ts'
import { type Interrupts, watchInterrupts } from './interrupts.ts'
import { errorText } from './present.ts'
import { createTerminal, type Terminal } from './terminal.ts'

export interface GlobalOptions {
  data?: string
  project?: string
}

/** From whoever started this process, and not from the command line: goes before the environment. */
export type HandedSettings = Readonly<Record<string, string>>

/** What every command is handed. */
export interface Context {
  readonly translate: Translate
  readonly terminal: Terminal
  readonly interrupts: Interrupts
  /** Fires on Ctrl-C, and when nobody reads the output any more. */
  readonly signal: AbortSignal
  /** One object on standard output and nothing else there. */
  readonly json: boolean
  /** Known once the command line is parsed. */
  options: GlobalOptions
  /** With `--data` applied. */
  config(): Config
  /** The log in the data directory; its file appears with the first line. */
  log(): Log
  /** What the process ends with when nothing is thrown. */
  exitCode: number
}

export function createContext(argv: readonly string[], handed: HandedSettings = {}): Context {
  const surroundings = readConfig({ handed })
  const interrupts = watchInterrupts()
  const end = argv.indexOf('--')
  const words = end < 0 ? argv : argv.slice(0, end)
  let log: Log | undefined
  const context: Context = {
    translate: createTranslate(surroundings.language),
    terminal: createTerminal({ unicode: surroundings.unicode, broken: onBroken }),
    interrupts,
    signal: interrupts.signal,
    json: words.includes('--json'),
    options: {},
    config: () => readConfig({ handed, ...(context.options.data !== undefined && { data: context.options.data }) }),
    log() {
      const { dataDirectory, logLevel, serviceName } = context.config()
      log ??= createLazyLog({
        file: path.join(dataDirectory, 'logs', 'cloister.log'),
        level: logLevel,
        name: serviceName,
      })
      return log
    },
    exitCode: 0,
  }
  return context

  /** Nobody reads on: no failure, but nothing left to do. What cannot be written is one. */
  function onBroken(error: Error | undefined): void {
    interrupts.stop()
    if (!error) return
    context.exitCode = 1
    context.terminal.note(errorText(context.translate, error))
  }
}
