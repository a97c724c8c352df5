import type { ModelPolicy } from './provider.ts'

/** Milliseconds since 1970, UTC. */
export type Time = number

export interface User {
  id: string
}

/** Local mode's one user. */
export const localUser = 'local'

/** A temporary one is made for one question or measurement, and shown to nobody. */
export type ProjectType = 'documents' | 'temporary'

/** What somebody may do in a project: read and ask; add and remove documents too; decide over it. */
export type ProjectRole = 'reader' | 'editor' | 'owner'

export interface Project extends ModelPolicy {
  id: string
  /** Whose it is. */
  userId: string
  /** Of whoever looks at it. */
  role: ProjectRole
  name: string
  type: ProjectType
  createdAt: Time
}

/**
 * Whose project it is, and which. Every query of the store carries one. `memberId`: who asks, where that is not the owner but a
 * member: chats are their author's.
 */
export interface Scope {
  userId: string
  projectId: string
  memberId?: string
}

/** Who asks: chats and answers are theirs. */
export const authorOf = ({ userId, memberId }: Pick<Scope, 'userId' | 'memberId'>): string => memberId ?? userId
