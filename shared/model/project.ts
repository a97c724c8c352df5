import type { ModelPolicy } from './provider.ts'

/** Milliseconds since 1970, UTC. */
export type Time = number

export interface User {
  id: string
}

/** A temporary one is made for one question or measurement, and shown to nobody. */
export type ProjectType = 'documents' | 'temporary'

export interface Project extends ModelPolicy {
  id: string
  userId: string
  name: string
  type: ProjectType
  createdAt: Time
}

/** Who asks, and inside which project. Every query of the store carries one. */
export interface Scope {
  userId: string
  projectId: string
}
