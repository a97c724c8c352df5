/** Entry of the process that recognises text: whoever works at this machine goes first. */
import { getPriority, setPriority } from 'node:os'
import { guardReader } from '../guard.ts'

// Before any thread is started: Linux gives the priority on to those that come after.
const behindOthers = 10
try {
  setPriority(Math.max(behindOthers, getPriority()))
} catch {
  // Not permitted everywhere; slower for others is no reason not to read.
}
guardReader(new URL('./reader.ts', import.meta.url))
