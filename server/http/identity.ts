/** Who asks, as every request that needs to be let in carries it. */
import type { Response } from 'express'
import type { KeyScope } from '../../shared/api/account.ts'
import { AppError } from '../../shared/errors.ts'

/** What one may do with the installation itself; what one may do with a project, its members say. */
export type Role = 'owner' | 'admin' | 'member'

export interface Identity {
  userId: string
  role: Role
  /** By the token of this machine, by a session, or by an API key. */
  via: 'token' | 'session' | 'key'
  sessionId?: string
  /** What a key is for; a session may do all that its owner may. */
  scopes?: readonly KeyScope[]
}

declare global {
  // Express is extended this way.
  namespace Express {
    interface Locals {
      /** Set by `Access.demand`. */
      who?: Identity
    }
  }
}

/** Throws `unauthorized`. */
export function whoAsks({ locals: { who } }: Response): Identity {
  if (!who) throw new AppError('unauthorized')
  return who
}

/** Whether the installation's own is shown: to those who look after it, and to keys that were made for that. */
export const seesInstallation = ({ role, scopes }: Identity): boolean =>
  role !== 'member' && (scopes === undefined || scopes.includes('admin'))

/** Throws `role-needed` for whoever does not look after the installation, and for keys that were not made for that. */
export function demandRole(who: Identity): void {
  if (!seesInstallation(who)) throw new AppError('role-needed')
}
