import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { getPriority, setPriority } from 'node:os'
import type { Log } from '../../shared/ports.ts'
import { shownDatabase } from '../config.ts'
import type { Context } from '../context.ts'
import { usageError } from '../present.ts'
import { tellSettings } from './tell-settings.ts'

/** Of Linux; a number below normal on other systems. */
const leastPriority = 19

/** Milliseconds after which the process ends whatever hangs. */
const atMost = 9500

/**
 * Does the background work of a library on Postgres until it is told to stop; any number of processes may. What it has in
 * hand then goes back as it was, and goes on elsewhere at once; what a killed one had, when its lease is over.
 */
export async function worker(context: Context): Promise<void> {
  const { signal, terminal, translate } = context
  const config = context.config()
  if (!config.database) throw usageError(translate('cli.usage.worker'))
  const log = context.log()
  tellSettings(context, { backups: true })
  giveWay(log)
  const { openCore } = await import('../compose.ts')
  signal.throwIfAborted()
  const { core, close } = await openCore({ config, log, backups: true })
  try {
    core.start()
    const database = shownDatabase(config.database.url)
    if (context.json) terminal.json({ database, pid: process.pid })
    else terminal.out(translate('cli.worker.ready', { database }))
    log.info('working', { database })
    await aborted(signal)
    setTimeout(() => process.exit(1), atMost).unref()
  } finally {
    await close()
  }
  log.info('stopped')
  // Being told to stop is how a worker ends.
  await terminal.flush()
  process.exit(0)
}

/** To servers on the same machine, with everything that it starts: somebody waits for those. */
function giveWay(log: Log): void {
  try {
    const priority = Math.min(leastPriority, getPriority() + 5)
    setPriority(priority)
    if (leadsSession()) writeFileSync('/proc/self/autogroup', String(priority))
  } catch (error) {
    log.debug('priority not set', { error })
  }
}

/**
 * Linux, where it groups by session (sched(7), “autogroup”), counts niceness inside of a session alone: a worker that was given one of its own
 * would take as much as a server, were its whole session not made nice too.
 */
function leadsSession(): boolean {
  if (!existsSync('/proc/self/autogroup')) return false
  // Behind the name, which may hold anything: state, parent, group, session.
  const [, , , session] = readFileSync('/proc/self/stat', 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ')
  return Number(session) === process.pid
}

/** Waits in the open: nothing else of an idle worker keeps the process. */
function aborted(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const alive = setInterval(() => {}, 60_000)
    const end = () => {
      clearInterval(alive)
      resolve()
    }
    if (signal.aborted) end()
    else signal.addEventListener('abort', end, { once: true })
  })
}
