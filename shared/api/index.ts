/**
 * What a user can ask of Cloister: one contract, a file a noun. The server implements it, the OpenAPI document is written
 * from it, and `client.ts` makes the typed client of it.
 */
import { oc } from '@orpc/contract'
import { auth } from './account.ts'
import { administration, audit } from './administration.ts'
import { answers } from './answer.ts'
import { assistants } from './assistant.ts'
import { catalog } from './catalog.ts'
import { chats } from './chat.ts'
import { documents } from './document.ts'
import { downloads } from './download.ts'
import { own } from './export.ts'
import { folders } from './folder.ts'
import { generate } from './generate.ts'
import { health } from './health.ts'
import { jobs } from './job.ts'
import { ledger } from './ledger.ts'
import { invitations, members } from './member.ts'
import { models } from './model.ts'
import { plain } from './plain.ts'
import { projects } from './project.ts'
import { providers } from './provider.ts'
import { quotas } from './quota.ts'
import { search } from './search.ts'
import { sessions } from './session.ts'
import { settingRoutes } from './setting.ts'
import { users } from './user.ts'
import { vectorIndexes } from './vector-index.ts'

export type { Account, KeyScope, SignInOptions } from './account.ts'
export type { ApiAuditEntry, ApiUserCounts } from './administration.ts'
export type { StreamedAnswer } from './answer.ts'
export { ApiError, isProblem } from './api-error.ts'
export type { ApiAssistant } from './assistant.ts'
export type { ApiMachine, ApiModelFit, ApiOffer } from './catalog.ts'
export type { Answering, ApiChat, ApiMessage } from './chat.ts'
export type { ApiDocument, ApiReceipt, Upload } from './document.ts'
export type { ApiDownload } from './download.ts'
export type { ApiFolder } from './folder.ts'
export type { ApiGenerated } from './generate.ts'
export type { ServerEvent } from './job.ts'
export type { ApiLedgerEntry, ApiLedgerSum } from './ledger.ts'
export type { ApiMember } from './member.ts'
export type { ApiModel, ServedModel } from './model.ts'
export type { Issue, Problem } from './problem.ts'
export type { ApiProject } from './project.ts'
export type { ApiProvider } from './provider.ts'
export type { ApiQuotaState, ApiUsageDay } from './quota.ts'
export type { Session } from './session.ts'
export type { Settings } from './setting.ts'
export type { ApiInvitation, ApiUser } from './user.ts'
export type { ApiVectorIndex } from './vector-index.ts'

export const contract = {
  ...oc.prefix('/api/v1').router({
    session: sessions,
    auth,
    users,
    projects,
    members,
    invitations,
    quotas,
    audit,
    administration,
    documents,
    folders,
    search,
    answers,
    chats,
    assistants,
    jobs,
    models,
    catalog,
    vectorIndexes,
    providers,
    downloads,
    generate,
    plain,
    settings: settingRoutes,
    ledger,
    own,
  }),
  health,
}

export type Contract = typeof contract
