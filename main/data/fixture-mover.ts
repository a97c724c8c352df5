/** Moves a library and kills itself at the moment that it is told: no later than there anything more can happen. */
import { setTimeout as pause } from 'node:timers/promises'
import type { Log } from '../../shared/ports.ts'
import { openPreferences, type PreferenceStore } from '../preferences.ts'
import { moveData } from './move.ts'

const [, , folder = '', from = '', to = '', way = '', moment = ''] = process.argv
const log: Log = { debug() {}, info() {}, warn() {}, error() {} }
const die = (now: string) => now === moment && process.kill(process.pid, 'SIGKILL')

const opened = await openPreferences({ folder, log })
let changes = 0
const preferences: PreferenceStore = {
  ...opened,
  async change(values) {
    changes += 1
    die(`before change ${changes}`)
    await opened.change(values)
    die(`after change ${changes}`)
  },
}
// In the midst of a file.
if (moment.endsWith('ms')) void pause(Number.parseInt(moment, 10)).then(() => die(moment))
/** Nobody else is there. */
const hold = async () => ({ lost: new AbortController().signal, release: async () => {} })
await moveData(
  { from, to, way: way === 'rename' ? 'rename' : 'copy' },
  { preferences, backups: `${from}-backups`, hold, log, progress: ({ files }) => void die(`file ${files}`) },
)
