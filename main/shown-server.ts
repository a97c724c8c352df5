/** What the page is told of the server: also why it does not run. */
import type { ShownServer } from '../shared/api/desktop.ts'
import type { LoneWork } from './library-use.ts'
import type { ServerState } from './processes/server-process.ts'

export function shownServer(state: ServerState, alone: LoneWork | undefined): ShownServer {
  if (!alone) return state
  const { doing, part = null } = alone
  return { name: 'stopped', alone: { doing, part } }
}
