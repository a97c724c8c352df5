import type { Session } from '../../../shared/api/index.ts'
import type { Core } from '../../../shared/core.ts'
import { addText, askPlainly } from '../asking.ts'
import { type Gates, never, os } from './gates.ts'

export function plainRoutes(
  { core, session, topK }: { core: Core; session: Session; topK: number },
  { asUser }: Gates,
) {
  return {
    ingest: os.plain.ingest.use(asUser).handler(async ({ input: { title, text, project }, context: { userId } }) => {
      const { id: projectId } = await core.projects.find(userId, project ?? undefined)
      const scope = await core.members.scopeOf(userId, projectId, 'write')
      const given = { name: title, text, format: 'plain' } as const
      const { id, state } = (await addText(core, scope, given, session.maxFileSize)).document
      return { id, state }
    }),
    chat: os.plain.chat.use(asUser).handler(async ({ input, signal, context: { userId } }) => {
      const answer = await askPlainly({ core, userId, topK }, input, signal ?? never)
      const { chatId, text, mode, citations, reason } = answer
      return { session_id: chatId, answer: text, mode, sources: citations, reason }
    }),
  }
}
