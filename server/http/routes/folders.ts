import type { Core } from '../../../shared/core.ts'
import { type Gates, os } from './gates.ts'

export function folderRoutes({ core: { folders } }: { core: Core }, { inProject }: Gates) {
  // What is read from the machine of the server is its owner's to say.
  const managing = inProject('manage')
  return {
    list: os.folders.list.use(inProject('read')).handler(async ({ context: { scope } }) => ({
      available: folders.available,
      folders: await folders.list(scope),
    })),
    follow: os.folders.follow
      .use(managing)
      .handler(({ input: { path, ignore }, context: { scope } }) => folders.follow(scope, { path, ignore })),
    update: os.folders.update
      .use(managing)
      .handler(({ input: { folderId, ignore }, context: { scope } }) => folders.update(scope, folderId, { ignore })),
    problems: os.folders.problems
      .use(inProject('read'))
      .handler(({ input: { folderId, limit, after }, context: { scope } }) =>
        folders.problems(scope, folderId, { limit, ...(after !== undefined && { after }) }),
      ),
    missing: os.folders.missing
      .use(managing)
      .handler(({ input, context: { scope } }) => folders.missing(scope, input.folderId, input.documents, input.shown)),
    unfollow: os.folders.unfollow.use(managing).handler(async ({ input, context: { scope } }) => {
      await folders.unfollow(scope, input.folderId, input.documents)
      return {}
    }),
  }
}
