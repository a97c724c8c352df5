import type { Core } from '../../../shared/core.ts'
import { toApiProject } from '../shapes.ts'
import { type Gates, given, os } from './gates.ts'

export function projectRoutes({ core }: { core: Core }, { asUser, inProject }: Gates) {
  /** To whoever sees it in a list. */
  async function tell(userIds: Iterable<string>): Promise<void> {
    for (const userId of userIds) core.announce({ type: 'projects', userId })
  }

  return {
    list: os.projects.list.use(asUser).handler(async ({ context: { userId } }) => ({
      projects: (await core.projects.list(userId)).map(project => toApiProject(project)),
    })),
    create: os.projects.create.use(asUser).handler(async ({ input, context: { userId } }) => {
      const project = await core.projects.create(userId, input.name)
      await tell([userId])
      return toApiProject(project)
    }),
    get: os.projects.get
      .use(inProject('read'))
      .handler(async ({ context: { scope, role } }) => toApiProject(await core.projects.get(scope), role)),
    update: os.projects.update
      .use(inProject('manage'))
      .handler(async ({ input: { projectId, name, ...policy }, context: { scope, role } }) => {
        if (name !== undefined) await core.projects.rename(scope, name)
        const project = await core.projects.govern(scope, given(policy))
        await tell(await core.members.audience(projectId))
        return toApiProject(project, role)
      }),
    delete: os.projects.delete.use(inProject('manage')).handler(async ({ input, context: { scope } }) => {
      const audience = await core.members.audience(input.projectId)
      await core.projects.delete(scope)
      await tell(audience)
    }),
  }
}
