/** A process that asks a server which never answers: `node fixture-killed.ts DATABASE ADDRESS`. It says when it has begun. */
import { v7 } from 'uuid'
import { openSqlite } from '../db/sqlite/index.ts'
import { openStore } from '../store/index.ts'
import { governOutgoing } from '../workspace/outgoing.ts'
import { openEgress } from './egress.ts'

const [file = '', address = ''] = process.argv.slice(2)
const log = { debug() {}, info() {}, warn() {}, error() {} }
const clock = { now: () => Date.now() }
const ids = { next: () => v7() }
const store = await openStore({
  database: await openSqlite({ file }),
  clock,
  ids,
  log,
  backups: name => `${file}.${name}`,
})
const egress = openEgress({ clock, ids, log })
await governOutgoing({ egress, store, clock, log, isLocalOnly: async () => false })
const response = await egress.fetch({ purpose: 'download', access: 'internal', trust: 'operator' })(address)
process.stdout.write('begun\n')
await response.text()
