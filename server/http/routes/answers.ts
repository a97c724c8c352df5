import type { Core } from '../../../shared/core.ts'
import { AppError } from '../../../shared/errors.ts'
import { chatOf, demandQuestion, throughAssistant } from '../asking.ts'
import { type Gates, given, never, os, placed, streamed } from './gates.ts'

export function answerRoutes({ core, stopping }: { core: Core; stopping: AbortSignal }, { inProject }: Gates) {
  const { answers } = core
  const reading = inProject('read')

  return {
    ask: os.answers.ask.use(reading).handler(async ({ input, signal, context: { scope, caller, userId } }) => {
      const question = demandQuestion(input.question)
      await core.quotas.demandQuestion(userId)
      const { chat, begins } = await chatOf(core, scope, question, input)
      const { documents, instructions, language, mode, model, passages, temperature } = input
      const request = await throughAssistant(core, scope, chat, {
        question,
        ...begins,
        ...(documents && { documents }),
        ...(instructions !== undefined && { instructions }),
        ...(language && { language }),
        ...(mode && { mode }),
        ...(model !== undefined && { model }),
        ...(passages !== undefined && { passages }),
        ...(temperature !== undefined && { temperature }),
      })
      const asked = { chatId: chat.id, text: question, questionId: null, request }
      return streamed(() => placed(answers.run(scope, asked, signal ?? never)), caller)
    }),
    once: os.answers.once.use(reading).handler(async ({ input, signal, context: { scope, caller, userId } }) => {
      await core.quotas.demandQuestion(userId)
      const { projectId: _, assistantId = null, question, ...wishes } = input
      const asked = { ...given(wishes), question: demandQuestion(question), keep: false as const }
      const request = await throughAssistant(core, scope, { assistantId, model: null }, asked)
      const within = AbortSignal.any([signal ?? never, stopping])
      return streamed(() => core.ask(scope, request, within), caller)
    }),
    regenerate: os.answers.regenerate
      .use(reading)
      .handler(async ({ input, signal, context: { scope, caller, userId } }) => {
        await core.quotas.demandQuestion(userId)
        const chat = await core.chats.get(scope, input.chatId)
        const messages = await core.chats.messages(scope, chat.id)
        const { messageId } = input
        const named = messageId === undefined ? messages.length - 1 : messages.findIndex(({ id }) => id === messageId)
        const question = messages.findLast(({ role }, at) => role === 'user' && at <= named)
        if (!question)
          throw messageId ? new AppError('message-not-found', { id: messageId }) : new AppError('question-empty')
        const again = { again: { messageId: question.id } }
        const request = await throughAssistant(core, scope, chat, again)
        const asked = { chatId: chat.id, text: question.text, questionId: question.id, request }
        return streamed(() => placed(answers.run(scope, asked, signal ?? never)), caller)
      }),
    follow: os.answers.follow
      .use(reading)
      .handler(async ({ input, lastEventId, signal, context: { scope, caller } }) => {
        const events = await answers.follow(scope, input.answerId, signal ?? never, placeBehind(lastEventId))
        return streamed(() => placed(events), caller)
      }),
    stop: os.answers.stop.use(reading).handler(async ({ input, context: { scope } }) => ({
      stopped: await answers.stop(scope, input.answerId),
    })),
  }
}

/** From the beginning, where the id is none of ours. */
function placeBehind(lastEventId: string | undefined): number {
  return /^\d{1,9}$/.test(lastEventId ?? '') ? Number(lastEventId) + 1 : 0
}
