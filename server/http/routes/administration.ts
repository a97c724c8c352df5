import type { Core } from '../../../shared/core.ts'
import type { AuditPage } from '../../../shared/store/index.ts'
import type { Accounts } from '../../auth/accounts.ts'
import { pagingOf } from '../shapes.ts'
import { deedOf, type Gates, given, os } from './gates.ts'

const dayLength = 86_400_000
const since = (days: number) => Date.now() - (days - 1) * dayLength

interface Dependencies {
  core: Core
  accounts?: { people: Pick<Accounts['people'], 'byId'> } | undefined
}

/** Counters and no content: whoever wants to see that says why, where its owner reads it. */
export function administrationRoutes({ core, accounts }: Dependencies, { asAdministrator }: Gates) {
  return {
    counters: os.administration.counters
      .use(asAdministrator)
      .handler(({ input }) => core.administration.users(pagingOf(input))),
    projects: os.administration.projects
      .use(asAdministrator)
      .handler(async ({ input }) => ({ projects: await core.administration.projects(input.userId) })),
    usage: os.administration.usage
      .use(asAdministrator)
      .handler(async ({ input }) => ({ days: await core.quotas.usage(since(input.days)) })),
    storage: os.administration.storage.use(asAdministrator).handler(() => core.administration.storage()),
    jobs: os.administration.jobs.use(asAdministrator).handler(async ({ context: { userId } }) => {
      const [counts, failures, backupTrouble = null] = await Promise.all([
        core.administration.jobs(),
        core.givenUp.list(userId, 'all'),
        core.backupTrouble(),
      ])
      return {
        open: counts?.open ?? null,
        dead: counts?.dead ?? null,
        backupTrouble,
        failures: failures.map(({ document, ...failure }) => ({ ...failure, documentId: document?.id ?? null })),
      }
    }),
    retryJob: os.administration.retryJob.use(asAdministrator).handler(async ({ input, context: { userId, visit } }) => {
      await core.givenUp.retry(userId, input.jobId, 'all')
      const { address = null } = visit
      await core.audit.note({ actorId: userId, ownerId: null, action: 'jobs.retry', objectId: input.jobId, address })
      return {}
    }),
    quota: os.administration.quota.use(asAdministrator).handler(({ input }) => core.quotas.get(input.userId)),
    setQuota: os.administration.setQuota
      .use(asAdministrator)
      .handler(({ input: { userId: ownerId, ...quota }, context }) =>
        core.quotas.set(ownerId, given(quota), deedOf(context)),
      ),
    audit: os.administration.audit
      .use(asAdministrator)
      .handler(async ({ input }) => named(accounts, await core.audit.all(pagingOf(input)))),
    access: os.administration.access
      .use(asAdministrator)
      .handler(({ input, context: { userId, visit } }) =>
        core.administration.look({ userId, ...input, address: visit.address ?? null }),
      ),
  }
}

export const auditRoutes = ({ core, accounts }: Dependencies, { asUser }: Gates) => ({
  list: os.audit.list
    .use(asUser)
    .handler(async ({ input, context: { userId } }) => named(accounts, await core.audit.own(userId, pagingOf(input)))),
})

/** Whoever did something to what is somebody's, is told to that one by name. */
async function named(accounts: Dependencies['accounts'], { entries, next }: AuditPage) {
  const names = new Map<string, string | null>()
  for (const { actorId } of entries)
    if (!names.has(actorId)) names.set(actorId, (await accounts?.people.byId(actorId))?.name ?? null)
  return { entries: entries.map(entry => ({ ...entry, actorName: names.get(entry.actorId) ?? null })), next }
}

export const quotaRoutes = ({ core }: { core: Core }, { asUser }: Gates) => ({
  get: os.quotas.get.use(asUser).handler(({ context: { userId } }) => core.quotas.get(userId)),
  usage: os.quotas.usage
    .use(asUser)
    .handler(async ({ input, context: { userId } }) => ({ days: await core.quotas.usage(since(input.days), userId) })),
})
