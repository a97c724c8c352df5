import type { Core } from '../../../shared/core.ts'
import type { EventHub } from '../events.ts'
import { type Gates, given, os } from './gates.ts'

/** Whoever names a server has this machine talk to it, at an address that may be of the house: that is for those who look after it. */
export function providerRoutes({ core, hub }: { core: Core; hub: EventHub }, { asUser, asAdministrator }: Gates) {
  const changed = () => hub.publish({ type: 'models' })

  return {
    list: os.providers.list
      .use(asUser)
      .handler(async ({ context: { userId } }) => ({ providers: await core.providers.list(userId) })),
    add: os.providers.add.use(asAdministrator).handler(async ({ input, context: { userId } }) => {
      const { kind, ...fields } = input
      const added = await core.providers.add(userId, { kind, ...given(fields) })
      changed()
      return added
    }),
    update: os.providers.update
      .use(asAdministrator)
      .handler(async ({ input: { slug, ...changes }, context: { userId } }) => {
        const updated = await core.providers.update(userId, slug, given(changes))
        changed()
        return updated
      }),
    remove: os.providers.remove.use(asAdministrator).handler(async ({ input, context: { userId } }) => {
      await core.providers.remove(userId, input.slug)
      changed()
    }),
    test: os.providers.test.use(asAdministrator).handler(async ({ input, signal, context: { userId } }) => {
      const tested = await core.providers.test(userId, input.slug, signal)
      changed()
      return tested
    }),
  }
}
