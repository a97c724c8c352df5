/**
 * What a user can ask of Cloister: one contract, a file a noun. The server implements it, the OpenAPI document is written
 * from it, and `client.ts` makes the typed client of it.
 */
import { oc } from '@orpc/contract'
import { answers } from './answer.ts'
import { assistants } from './assistant.ts'
import { chats } from './chat.ts'
import { documents } from './document.ts'
import { downloads } from './download.ts'
import { generate } from './generate.ts'
import { health } from './health.ts'
import { jobs } from './job.ts'
import { ledger } from './ledger.ts'
import { models } from './model.ts'
import { plain } from './plain.ts'
import { projects } from './project.ts'
import { providers } from './provider.ts'
import { search } from './search.ts'
import { sessions } from './session.ts'
import { settingRoutes } from './setting.ts'

export type { StreamedAnswer } from './answer.ts'
export { ApiError, isProblem } from './api-error.ts'
export type { ApiAssistant } from './assistant.ts'
export type { Answering, ApiChat, ApiMessage } from './chat.ts'
export type { ApiDocument, ApiReceipt, Upload } from './document.ts'
export type { ApiDownload } from './download.ts'
export type { ApiGenerated } from './generate.ts'
export type { ServerEvent } from './job.ts'
export type { ApiLedgerEntry, ApiLedgerSum } from './ledger.ts'
export type { ApiModel, ServedModel } from './model.ts'
export type { Issue, Problem } from './problem.ts'
export type { ApiProject } from './project.ts'
export type { ApiProvider } from './provider.ts'
export type { Session } from './session.ts'
export type { Settings } from './setting.ts'

export const contract = {
  ...oc.prefix('/api/v1').router({
    session: sessions,
    projects,
    documents,
    search,
    answers,
    chats,
    assistants,
    jobs,
    models,
    providers,
    downloads,
    generate,
    plain,
    settings: settingRoutes,
    ledger,
  }),
  health,
}

export type Contract = typeof contract
