/** Documents and chats by two plain calls, for programs that were written for a retrieval API. */
import { oc } from '@orpc/contract'
import { z } from 'zod'
import { answerMode } from './answer.ts'
import { id, passageCount, temperature } from './common.ts'
import { documentState } from './document.ts'
import { reason } from './problem.ts'
import { citation } from './search.ts'

const project = z.string().max(200).nullish().describe('Name or id of a project; without it, the first one')
const tags = ['Plain calls']

export const plain = {
  ingest: oc
    .route({
      method: 'POST',
      path: '/ingest',
      summary: 'Add a text',
      description:
        'At most 10 MB. It is stored when this answers; reading and indexing follow in the background. The same text again is the same document.',
      tags,
      successStatus: 201,
    })
    .input(z.object({ title: z.string(), text: z.string(), project }))
    .output(z.object({ id: id.describe('Of the document'), state: documentState })),
  chat: oc
    .route({
      method: 'POST',
      path: '/chat',
      summary: 'Ask a question, and get the whole answer at once',
      description:
        'Question and answer are kept in a chat. A question may refer to what was said before in its chat, as far back as `MAX_HISTORY_MESSAGES` says. When whoever asked goes away, the work stops.',
      tags,
    })
    .input(
      z.object({
        session_id: id.nullish().describe('The chat to go on with; a new one without it'),
        message: z.string().describe('The question, at most 2,000 characters'),
        top_k: passageCount
          .nullish()
          .describe('Passages that are searched for and answered from; without it, `TOP_K_DEFAULT`'),
        temperature: temperature
          .nullish()
          .describe('Without it, the assistant’s, where the chat is with one, or as the server is set'),
        project,
      }),
    )
    .output(
      z.object({
        session_id: id.describe('The chat'),
        answer: z.string(),
        mode: answerMode,
        sources: z.array(citation).describe('What proves it'),
        reason: reason.nullable().describe('Why it is less than was asked for'),
      }),
    ),
}
