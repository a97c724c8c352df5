/** What is done with a library by somebody who may not do everything; the superuser of continuous tests may. */
import type { Log } from '../../shared/ports.ts'
import { openPreferences } from '../preferences.ts'
import { moveData, recoverMove, removePrevious } from './move.ts'
import { planMove } from './plan-move.ts'

const [, , what = '', folder = '', from = '', to = ''] = process.argv
const log: Log = { debug() {}, info() {}, warn() {}, error() {} }
const preferences = await openPreferences({ folder, log })
const hold = async () => ({ lost: new AbortController().signal, release: async () => {} })

async function run(): Promise<unknown> {
  if (what === 'plan') return planMove({ from, to, home: folder })
  if (what === 'recover') return recoverMove(preferences)
  if (what === 'clear') return Promise.all(preferences.get().previous.map(old => removePrevious(preferences, old)))
  return moveData(
    { from, to, way: 'rename' },
    { preferences, backups: `${from}-backups`, hold, log, platform: 'win32' },
  )
}

process.stdout.write(JSON.stringify(await run()))
