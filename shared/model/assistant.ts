import type { Time } from './project.ts'

/** Answers in its own way, from a project's documents or some of them; a chat is with one. */
export interface Assistant {
  id: string
  projectId: string
  name: string
  /** What it is told before every question. */
  instructions: string
  /** Answers in this language; null: in the question's. */
  language: 'de' | 'en' | null
  /** Name of a chat model; null: the one in use. */
  model: string | null
  /** Null: as the installation is set. */
  temperature: number | null
  /** Ids of the documents it answers from; null: all of the project. */
  documents: string[] | null
  createdAt: Time
}
