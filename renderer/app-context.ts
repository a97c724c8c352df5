import type { QueryClient } from '@tanstack/react-query'
import { createContext, useContext } from 'react'
import type { Account, ErasedAccount, SignInOptions } from '../shared/api/account.ts'
import type { Client } from '../shared/api/client.ts'
import type { ApiProject, Session } from '../shared/api/index.ts'
import type { Reason } from '../shared/model/index.ts'
import type { LiveAnswers } from './chat/live-answers.ts'
import type { Desktop } from './desktop.ts'
import type { Uploads } from './library/uploads.ts'
import type { Choices } from './parts/choice.ts'
import type { Preferences } from './preferences.ts'
import type { Router } from './route.ts'
import type { Toasts } from './shell/toasts.ts'
import type { Store } from './store.ts'

/** What every part of the screen may need; made once in `main.tsx`. */
export interface App {
  client: Client
  queries: QueryClient
  router: Router
  session: Session
  /** Whose screen this is; in local mode the one user there is. */
  account: Store<Account>
  /** What is on here; `mode` says whether there are accounts at all. */
  options: SignInOptions
  answers: LiveAnswers
  uploads: Uploads
  choices: Choices
  toasts: Toasts
  preferences: Preferences
  /** Null in a browser. */
  desktop: Desktop | null
  /** Of protected files whose pages are shown, by document: gone with the window. */
  passwords: Map<string, string>
  /** Questions that are being written, by where; gone with the window. */
  drafts: Map<string, string>
  /** The account is no more. */
  erased(receipt: ErasedAccount): void
  /** Whether the stream of events is there, and why work stands still. */
  status: Store<Status>
}

export interface Status {
  connected: boolean
  trouble: Reason | null
}

export const AppContext = createContext<App | null>(null)

export function useApp(): App {
  const app = useContext(AppContext)
  if (!app) throw new Error('no app around this component')
  return app
}

/** The project the user looks at. */
export const ProjectContext = createContext<ApiProject | null>(null)

export function useProject(): ApiProject {
  const project = useContext(ProjectContext)
  if (!project) throw new Error('no project around this component')
  return project
}
