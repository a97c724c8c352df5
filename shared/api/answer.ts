import { eventIterator, oc } from '@orpc/contract'
import { z } from 'zod'
import type { Answer, AnswerEvent, AnsweringServer, AnswerSentence } from '../model/index.ts'
import { id, inProject, language, passageCount, temperature } from './common.ts'
import { reason } from './problem.ts'
import { citation, documentIds, passage } from './search.ts'

export const answerMode = z
  .enum(['model', 'quotes', 'declined', 'none'])
  .describe('`none`: stopped, or failed, before the first word')

export const answerSentence = z.object({
  text: z.string(),
  lead: z.string().describe('What stands between it and the sentence before'),
  citations: z.array(z.number().int()).describe('Places in the answer’s `citations`'),
  supported: z.boolean().describe('False: no proof was found; show it with a mark'),
}) satisfies z.ZodType<AnswerSentence>

export const answeringServer = z
  .object({
    slug: z.string(),
    name: z.string(),
    here: z.boolean().describe('It is on this machine'),
  })
  .describe(
    'The server that the model ran at; absent where that was this program itself',
  ) satisfies z.ZodType<AnsweringServer>

export const answer = z.object({
  mode: answerMode,
  language,
  text: z.string(),
  sentences: z.array(answerSentence),
  citations: z.array(citation),
  model: z.string().nullable(),
  server: answeringServer.optional(),
  cached: z.literal(true).optional().describe('It was written before, to the same question over the same passages'),
  reason: reason.nullable().describe('Why it is less than was asked for'),
  evidence: z.number().describe('How sure it is that the documents hold the answer, 0 to 1'),
  chatId: id,
  messageId: id,
}) satisfies z.ZodType<Answer>

const shown = [
  z.object({ type: z.literal('passages'), question: z.string(), passages: z.array(passage) }),
  z.object({ type: z.literal('waiting'), place: z.number().int() }),
  z.object({ type: z.literal('quote'), citation }),
  z.object({ type: z.literal('draft'), text: z.string() }),
  z.object({ type: z.literal('sentence'), sentence: answerSentence, citations: z.array(citation) }),
] as const

/** What the core streams. */
export const answerEvent = z.discriminatedUnion('type', [
  ...shown,
  z.object({ type: z.literal('finish'), answer }),
]) satisfies z.ZodType<AnswerEvent>

const unkept = z.string().max(0).describe('Empty: it is kept nowhere')

/** The same, where nothing is kept. */
const unkeptEvent = z.discriminatedUnion('type', [
  ...shown,
  z.object({ type: z.literal('finish'), answer: answer.extend({ chatId: unkept, messageId: unkept }) }),
])

/**
 * What a client reads: `started` first, then the core's, then `finish`, or `interrupted` when it was stopped or the server
 * ends: what was shown so far is kept in the chat.
 */
export const streamedAnswer = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('started'),
    answerId: id.describe('To stop it with'),
    chatId: id.describe('The chat it is kept in, a new one where none was named'),
  }),
  ...answerEvent.options,
  z.object({
    type: z.literal('interrupted'),
    chatId: id,
    messageId: id.nullable().describe('What is kept of the answer'),
    reason,
  }),
])

const question = z.string().describe('At most 2,000 characters')
const tags = ['Answers']
const streaming =
  'A stream of server-sent events: `started`, the passages found, then quotes, or drafts and checked sentences, then `finish`; or `interrupted`. `waiting` says how many questions come first, in its chat or at the model. When nobody has read it for 3 seconds, the work stops; what was shown so far is kept. Events carry ids: whoever loses the connection reads on with `Last-Event-ID` at the address of the answer.'

export const answers = {
  ask: oc
    .route({
      method: 'POST',
      path: '/projects/{projectId}/ask',
      summary: 'Ask a question',
      description: `Question and answer are kept in a chat. ${streaming}`,
      tags,
    })
    .input(
      z.object({
        ...inProject,
        question,
        chatId: id.optional().describe('Goes on with this chat; a new one without it'),
        assistantId: id.optional().describe('Whom a new chat is with'),
        documents: documentIds.optional().describe('Only these documents'),
        instructions: z.string().max(8000).optional().describe('Instead of the assistant’s'),
        language: language.exclude(['other']).optional().describe('Of the answer, instead of the assistant’s'),
        model: z
          .string()
          .max(200)
          .optional()
          .describe(
            'Of a chat model: a file’s name, or `slug/model`; instead of the chat’s, the assistant’s, the project’s',
          ),
        temperature: temperature.optional().describe('Instead of the assistant’s'),
        passages: passageCount.optional().describe('Passages that are searched for and answered from; 10 without it'),
        mode: z.enum(['model', 'quotes']).optional().describe('`quotes`: no model writes anything'),
      }),
    )
    .output(eventIterator(streamedAnswer)),
  once: oc
    .route({
      method: 'POST',
      path: '/projects/{projectId}/answer',
      summary: 'Ask a question, and keep nothing',
      description:
        'For programs that hold the conversation themselves: neither question nor answer is kept in a chat. A stream of server-sent events: the passages found, then quotes, or drafts and checked sentences, then `finish`, whose answer names no chat. Whoever goes away stops the work.',
      tags,
    })
    .input(
      z.object({
        ...inProject,
        question,
        before: z
          .array(z.string().max(2000))
          .max(100)
          .optional()
          .describe('Questions that came before, oldest first, for one that refers back'),
        assistantId: id.optional().describe('Answers as this assistant does'),
        documents: documentIds.optional().describe('Only these documents'),
        instructions: z.string().max(8000).optional().describe('Instead of the assistant’s'),
        language: language.exclude(['other']).optional().describe('Of the answer, instead of the assistant’s'),
        model: z.string().max(200).optional().describe('Of a chat model: a file’s name, or `slug/model`'),
        temperature: temperature.optional().describe('Instead of the assistant’s'),
        passages: passageCount.optional().describe('Passages that are searched for and answered from; 10 without it'),
        mode: z.enum(['model', 'quotes']).optional().describe('`quotes`: no model writes anything'),
      }),
    )
    .output(eventIterator(unkeptEvent)),
  regenerate: oc
    .route({
      method: 'POST',
      path: '/projects/{projectId}/chats/{chatId}/regenerate',
      summary: 'Answer a question of a chat again',
      description: `The new answer takes the place of the old one, which stays until then, and where the new one fails. ${streaming}`,
      tags,
    })
    .input(
      z.object({
        ...inProject,
        chatId: id,
        messageId: id.optional().describe('The answer, or its question; the last one without it'),
      }),
    )
    .output(eventIterator(streamedAnswer)),
  follow: oc
    .route({
      method: 'GET',
      path: '/projects/{projectId}/answers/{answerId}',
      summary: 'Read along with a running answer',
      description:
        'From its beginning, or with `Last-Event-ID` behind that event; until some minutes after its end. `answering` of its chat names it. Any server of the same database knows it; where the one that gave it died, it ends with `interrupted` and `server-lost`.',
      tags,
    })
    .input(z.object({ ...inProject, answerId: id }))
    .output(eventIterator(streamedAnswer)),
  stop: oc
    .route({
      method: 'POST',
      path: '/projects/{projectId}/answers/{answerId}/stop',
      summary: 'Stop a running answer',
      description: 'Its stream ends with `interrupted`. Stopping what has ended is no error.',
      tags,
    })
    .input(z.object({ ...inProject, answerId: id }))
    .output(z.object({ stopped: z.boolean().describe('False when it had ended before') })),
}

export type StreamedAnswer = z.output<typeof streamedAnswer>
