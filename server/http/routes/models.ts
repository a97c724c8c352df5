/** Models of this machine, and how they come here: the installation's. What there is, everybody may see. */
import type { Core } from '../../../shared/core.ts'
import { reasonOf } from '../../../shared/errors.ts'
import type { Downloads } from '../../../shared/models/download.ts'
import type { EventHub } from '../events.ts'
import type { ModelShelf } from '../model-shelf.ts'
import { elsewhere, type Gates, never, os } from './gates.ts'

interface ModelDependencies {
  core: Core
  models: ModelShelf
  downloads: Downloads
  hub: EventHub
}

export function modelRoutes({ core, models, hub }: ModelDependencies, { asUser, asAdministrator }: Gates) {
  return {
    list: os.models.list.use(asUser).handler(async ({ input: { projectId }, context: { userId } }) => {
      const scope = projectId === undefined ? undefined : await core.members.scopeOf(userId, projectId, 'read')
      const project = scope && (await core.projects.get(scope))
      const [local, served] = await Promise.all([models.list(), core.servedModels(scope?.userId ?? userId, project)])
      return { models: local, served }
    }),
    add: os.models.add.use(asAdministrator).handler(elsewhere),
    verify: os.models.verify
      .use(asAdministrator)
      .handler(({ input, signal }) => models.verify(input.name, signal ?? never)),
    use: os.models.use.use(asAdministrator).handler(async ({ input }) => {
      const used = await models.use(input.name)
      hub.publish({ type: 'models' })
      return used
    }),
    remove: os.models.remove.use(asAdministrator).handler(async ({ input }) => {
      await models.remove(input.name)
      hub.publish({ type: 'models' })
    }),
  }
}

export const catalogRoutes = ({ models }: ModelDependencies, { asUser }: Gates) => ({
  list: os.catalog.list.use(asUser).handler(() => models.catalog()),
})

export function downloadRoutes({ downloads }: ModelDependencies, { asAdministrator }: Gates) {
  return {
    list: os.downloads.list.use(asAdministrator).handler(async () => ({ downloads: await downloads.list() })),
    start: os.downloads.start
      .use(asAdministrator)
      .handler(({ input: { source, sha256, name } }) =>
        downloads.start({ source, ...(sha256 !== undefined && { sha256 }), ...(name !== undefined && { name }) }),
      ),
    pause: os.downloads.pause.use(asAdministrator).handler(({ input }) => downloads.pause(input.name)),
    resume: os.downloads.resume.use(asAdministrator).handler(({ input }) => downloads.resume(input.name)),
    cancel: os.downloads.cancel.use(asAdministrator).handler(async ({ input }) => {
      await downloads.cancel(input.name)
    }),
  }
}

export function vectorIndexRoutes({ core, models }: ModelDependencies, { inProject }: Gates) {
  return {
    get: os.vectorIndexes.get.use(inProject('read')).handler(async ({ context: { scope } }) => {
      const { searched, building, trouble } = await core.vectorIndexes(scope)
      const shown = async (index: typeof searched) => {
        if (!index) return null
        const { model, fingerprint, share } = index
        return { model, share, file: await models.embedderFile(fingerprint) }
      }
      const problem = trouble ? reasonOf(trouble) : null
      return { searched: await shown(searched), building: await shown(building), trouble: problem }
    }),
  }
}
