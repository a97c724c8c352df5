import type { Core } from '../../../shared/core.ts'
import { type Gates, os } from './gates.ts'

export function assistantRoutes({ core }: { core: Core }, { inProject }: Gates) {
  const reading = inProject('read')
  const writing = inProject('write')
  const changed = (projectId: string) => core.announce({ type: 'assistants', projectId })

  return {
    list: os.assistants.list.use(reading).handler(async ({ context: { scope } }) => ({
      assistants: await core.assistants.list(scope),
    })),
    create: os.assistants.create
      .use(writing)
      .handler(async ({ input: { projectId, ...fields }, context: { scope } }) => {
        const assistant = await core.assistants.create(scope, fields)
        changed(projectId)
        return assistant
      }),
    get: os.assistants.get
      .use(reading)
      .handler(({ input, context: { scope } }) => core.assistants.get(scope, input.assistantId)),
    update: os.assistants.update
      .use(writing)
      .handler(async ({ input: { projectId, assistantId, ...fields }, context: { scope } }) => {
        const assistant = await core.assistants.update(scope, assistantId, fields)
        changed(projectId)
        return assistant
      }),
    delete: os.assistants.delete
      .use(writing)
      .handler(async ({ input: { projectId, assistantId }, context: { scope } }) => {
        await core.assistants.delete(scope, assistantId)
        changed(projectId)
      }),
  }
}
