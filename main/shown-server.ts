/** What the page is told of the server: also why it does not run. */
import type { ShownServer } from '../shared/api/desktop.ts'
import type { SafeReason } from './data/safe-mode.ts'
import type { LoneWork } from './library-use.ts'
import type { ServerState } from './processes/server-process.ts'

export function shownServer(
  state: ServerState,
  { alone, safe, unasked }: { alone: LoneWork | undefined; safe: SafeReason | undefined; unasked: boolean },
): ShownServer {
  if (alone) return { name: 'stopped', alone: { doing: alone.doing, part: alone.part ?? null } }
  if (safe) return { name: 'stopped', safe: { reason: safe.why === 'refused' ? safe.reason : null } }
  if (unasked && state.name === 'stopped') return { name: 'failed', reason: { code: 'internal' } }
  return state
}
