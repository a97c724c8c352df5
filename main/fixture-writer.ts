/** Writes preferences on and on; to be killed meanwhile. */
import type { Log } from '../shared/ports.ts'
import { openPreferences } from './preferences.ts'

const log: Log = { debug() {}, info() {}, warn() {}, error() {} }
const store = await openPreferences({ folder: process.argv[2] ?? '', log })
for (let round = 0; ; round++) {
  await store.change({ recent: Array.from({ length: 50 }, (_, at) => `/folder/${round}/${at}/${'x'.repeat(1000)}`) })
  if (round === 3) process.send?.('writing')
}
