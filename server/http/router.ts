/** What each route of the contract does, a file a noun. Uploads and originals are streams: `transfers.ts` has them. */
import type { Session } from '../../shared/api/index.ts'
import type { Core } from '../../shared/core.ts'
import type { Downloads } from '../../shared/models/download.ts'
import { type AccountDependencies, authRoutes, userRoutes } from './accounts.ts'
import type { EventHub } from './events.ts'
import type { ModelShelf } from './model-shelf.ts'
import { administrationRoutes, auditRoutes, quotaRoutes } from './routes/administration.ts'
import { answerRoutes } from './routes/answers.ts'
import { assistantRoutes } from './routes/assistants.ts'
import { chatRoutes } from './routes/chats.ts'
import { documentRoutes } from './routes/documents.ts'
import { folderRoutes } from './routes/folders.ts'
import { createGates, os } from './routes/gates.ts'
import { generateRoutes } from './routes/generate.ts'
import { healthRoutes } from './routes/health.ts'
import { jobRoutes } from './routes/jobs.ts'
import { invitationRoutes, memberRoutes } from './routes/members.ts'
import { catalogRoutes, downloadRoutes, modelRoutes, vectorIndexRoutes } from './routes/models.ts'
import { ledgerRoutes, ownRoutes, sessionRoutes, settingRoutes } from './routes/own.ts'
import { plainRoutes } from './routes/plain.ts'
import { projectRoutes } from './routes/projects.ts'
import { providerRoutes } from './routes/providers.ts'
import { searchRoute } from './routes/search.ts'

export type { CallContext } from './routes/gates.ts'

export interface RouterDependencies extends AccountDependencies {
  core: Core
  models: ModelShelf
  downloads: Downloads
  hub: EventHub
  session: Session
  /** Passages that a plain question is answered from, where it does not say. */
  topK: number
  /** Fires when the server ends. */
  stopping: AbortSignal
}

export function createRouter(deps: RouterDependencies) {
  const gates = createGates(deps.core)
  return os.router({
    session: sessionRoutes(deps, gates),
    auth: authRoutes(deps, gates),
    users: userRoutes(deps, gates),
    projects: projectRoutes(deps, gates),
    members: memberRoutes(deps, gates),
    invitations: invitationRoutes(deps, gates),
    quotas: quotaRoutes(deps, gates),
    audit: auditRoutes(deps, gates),
    administration: administrationRoutes(deps, gates),
    documents: documentRoutes(deps, gates),
    folders: folderRoutes(deps, gates),
    search: searchRoute(deps, gates),
    answers: answerRoutes(deps, gates),
    chats: chatRoutes(deps, gates),
    assistants: assistantRoutes(deps, gates),
    jobs: jobRoutes(deps, gates),
    models: modelRoutes(deps, gates),
    catalog: catalogRoutes(deps, gates),
    vectorIndexes: vectorIndexRoutes(deps, gates),
    providers: providerRoutes(deps, gates),
    downloads: downloadRoutes(deps, gates),
    generate: generateRoutes(deps, gates),
    plain: plainRoutes(deps, gates),
    ledger: ledgerRoutes(deps, gates),
    own: ownRoutes(deps, gates),
    settings: settingRoutes(deps, gates),
    health: healthRoutes(deps),
  })
}
