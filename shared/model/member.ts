import type { ProjectRole, Time } from './project.ts'

/** Who has a part in a project beside its owner. */
export interface Member {
  userId: string
  role: ProjectRole
  createdAt: Time
  /** Until when; null: until it is taken back. */
  expiresAt: Time | null
}

/** Somebody who was asked to have a part, by an address: whether that has an account, nobody is told. */
export interface ProjectInvitation {
  id: string
  projectId: string
  email: string
  role: Exclude<ProjectRole, 'owner'>
  createdAt: Time
  expiresAt: Time
}

/** What a user may use: documents with those in the trash, their bytes, questions a day. Null: no limit, or what the installation says. */
export interface Quota {
  files: number | null
  bytes: number | null
  questions: number | null
}

/** What was used on a day. */
export interface Usage {
  /** When the day began, in UTC. */
  at: Time
  users: number
  questions: number
  files: number
  bytes: number
  tokens: number
}

export type AuditAction =
  | 'project.access'
  | 'member.invite'
  | 'member.uninvite'
  | 'member.join'
  | 'member.add'
  | 'member.change'
  | 'member.remove'
  | 'member.leave'
  | 'quota.set'
  | 'account.export'
  | 'account.delete'
  | 'account.create'
  | 'account.invite'
  | 'account.uninvite'
  | 'account.role'
  | 'account.block'
  | 'account.unblock'
  | 'account.reset'
  | 'jobs.retry'

/** What was done, by whom, to what. Never what was in it. */
export interface AuditEntry {
  id: string
  at: Time
  /** Who did it. */
  actorId: string
  /** Whose it was: that user may read this. Null: the installation's. */
  ownerId: string | null
  action: AuditAction
  objectId: string | null
  /** In the words of who did it. */
  reason: string | null
  /** The network it came from: the first 24 bits of an address, or the first 48. */
  address: string | null
}

export type NewAuditEntry = Pick<AuditEntry, 'actorId' | 'ownerId' | 'action'> &
  Partial<Pick<AuditEntry, 'objectId' | 'reason' | 'address'>>
