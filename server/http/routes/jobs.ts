import type { Core } from '../../../shared/core.ts'
import { reasonOf } from '../../../shared/errors.ts'
import type { DocumentState } from '../../../shared/model/index.ts'
import { scopeIn } from '../../../shared/workspace/members.ts'
import type { EventHub } from '../events.ts'
import type { Identity } from '../identity.ts'
import { toApiDocument } from '../shapes.ts'
import { type Gates, never, os } from './gates.ts'

const underWay: readonly DocumentState[] = ['queued', 'parsing', 'indexing']
const mostJobs = 200

/** What the installation does for itself is shown to those who look after it. */
const ownOf = ({ role }: Identity) => (role === 'member' ? 'own' : undefined)

export function jobRoutes({ core, hub }: { core: Core; hub: EventHub }, { asUser }: Gates) {
  return {
    list: os.jobs.list.use(asUser).handler(async ({ context: { userId } }) => {
      const projects = await core.projects.list(userId)
      const filter = { states: underWay, order: 'oldest', limit: mostJobs } as const
      const pages = await Promise.all(projects.map(project => core.documents.page(scopeIn(project, userId), filter)))
      const trouble = core.trouble()
      return {
        documents: pages.flatMap(({ documents }) => documents.map(toApiDocument)).slice(0, mostJobs),
        total: pages.reduce((sum, page) => sum + page.total, 0),
        trouble: trouble ? reasonOf(trouble) : null,
      }
    }),
    dead: os.jobs.dead
      .use(asUser)
      .handler(async ({ context: { who } }) => ({ jobs: await core.givenUp.list(who.userId, ownOf(who)) })),
    retry: os.jobs.retry.use(asUser).handler(async ({ input, context: { who } }) => {
      await core.givenUp.retry(who.userId, input.jobId, ownOf(who))
      return {}
    }),
    retryAll: os.jobs.retryAll
      .use(asUser)
      .handler(async ({ context: { who } }) => ({ count: await core.givenUp.retryAll(who.userId, ownOf(who)) })),
    events: os.jobs.events
      .use(asUser)
      .handler(({ lastEventId, signal, context: { who } }) => hub.subscribe(who, lastEventId, signal ?? never)),
  }
}
