/** Accounts over the core's database, with its mails and its way out of this machine. */
import { v7 } from 'uuid'
import type { Core } from '../shared/core.ts'
import type { Database, Egress, Log } from '../shared/ports.ts'
import { type Accounts, createAccounts } from './auth/accounts.ts'
import type { ServerMode } from './config-auth.ts'
import type { Access } from './http/access.ts'
import { createAccountAccess } from './http/account-access.ts'

export interface OpenedAccounts extends Accounts {
  /** Who is let in; `token`: that of this machine. */
  access(token: string): Access
}

const sweepTime = 3_600_000

/** To be closed before the core. */
export function openAccounts({
  mode,
  core,
  database,
  egress,
  log,
}: {
  mode: ServerMode
  core: Pick<Core, 'adopt' | 'announce' | 'erase' | 'mails'>
  database: Database
  egress: Egress
  log: Log
}): OpenedAccounts {
  const accounts = createAccounts({
    mode,
    database,
    clock: { now: () => Date.now() },
    ids: { next: () => v7() },
    log,
    ...(core.mails.on && { mails: core.mails }),
    ...(mode.github && { fetch: egress.fetch({ purpose: 'sign-in', access: 'internal', trust: 'operator' }) }),
    adopt: core.adopt,
    erase: core.erase,
    changed: userId => core.announce({ type: 'access', userId }),
  })
  const sweep = () => void accounts.sweep().catch(error => log.warn('ended sessions and links are left', { error }))
  const sweeper = setInterval(sweep, sweepTime)
  sweeper.unref()
  sweep()
  return {
    ...accounts,
    access: token => createAccountAccess(accounts, token),
    async close() {
      clearInterval(sweeper)
      await accounts.close()
    },
  }
}
