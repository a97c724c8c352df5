/** Questions and texts on their way from a request to the core. */
import type { AskRequest, Core } from '../../shared/core.ts'
import { AppError } from '../../shared/errors.ts'
import { cleanName } from '../../shared/ingest/file-name.ts'
import type { Answer, Chat, Document, GenerateEvent, Scope } from '../../shared/model/index.ts'
import { scopeIn } from '../../shared/workspace/members.ts'

const longestQuestion = 2000
const longestTextName = 250
const titleLength = 80

export function demandQuestion(text: string): string {
  const question = text.normalize('NFC').trim()
  if (question === '') throw new AppError('question-empty')
  if (question.length > longestQuestion) throw new AppError('question-too-long', { max: longestQuestion })
  return question
}

/** A chat is called by its first question, until somebody renames it. */
export function titleOf(question: string): string {
  const clean = question
    .normalize('NFC')
    .replace(/[\p{Cc}\p{Bidi_Control}\s]+/gu, ' ')
    .trim()
  return clean.length > titleLength ? `${clean.slice(0, titleLength - 1).trimEnd()}…` : clean
}

interface AskedIn {
  chat: Pick<Chat, 'id' | 'assistantId' | 'model'>
  begins: Pick<AskRequest, 'begins'>
}

/** The chat that a question goes on with, or one that it begins. Throws `chat-not-found`, `assistant-not-found`. */
export async function chatOf(
  core: Core,
  scope: Scope,
  question: string,
  { chatId, assistantId = null }: { chatId?: string | undefined; assistantId?: string | null | undefined },
): Promise<AskedIn> {
  if (chatId !== undefined) return { chat: await core.chats.get(scope, chatId), begins: {} }
  const begins = await core.chats.prepare(scope, { title: titleOf(question), assistantId })
  return { chat: { ...begins, model: null }, begins: { begins } }
}

/** As its chat and its assistant do it, where the request does not say otherwise. An assistant that is gone has nothing more to say. */
export async function throughAssistant(
  core: Core,
  scope: Scope,
  { assistantId: id, model: chosen }: Pick<Chat, 'assistantId' | 'model'>,
  asked: AskRequest,
): Promise<AskRequest> {
  const request = { ...(chosen !== null && { model: chosen }), ...asked }
  const assistant = id === null ? undefined : (await core.assistants.list(scope)).find(one => one.id === id)
  if (!assistant) return request
  const { documents: ofAssistant, instructions, language, model, temperature } = assistant
  const documents =
    request.documents && ofAssistant ? request.documents.filter(one => ofAssistant.includes(one)) : ofAssistant
  return {
    ...(instructions && { instructions }),
    ...(language && { language }),
    ...(model && { model }),
    ...(temperature !== null && { temperature }),
    ...request,
    ...(documents && { documents }),
  }
}

export interface PlainQuestion {
  session_id?: string | null | undefined
  message: string
  top_k?: number | null | undefined
  temperature?: number | null | undefined
  project?: string | null | undefined
}

/** Asks in a chat and waits for the whole answer, which stops as others do when nobody waits for it any more. */
export async function askPlainly(
  { core, userId, topK }: { core: Core; userId: string; topK: number },
  { session_id: session, message, top_k: passages, temperature, project }: PlainQuestion,
  signal: AbortSignal,
): Promise<Answer> {
  const text = demandQuestion(message)
  const within = project == null ? undefined : await core.projects.find(userId, project)
  const { scope, chat, begins } = session == null ? await begin() : await findChat(core, userId, session, within?.id)
  const asked = { question: text, ...begins, passages: passages ?? topK, ...(temperature != null && { temperature }) }
  const request = await throughAssistant(core, scope, chat, asked)
  const asking = { chatId: chat.id, text, questionId: null, request }
  for await (const { event } of core.answers.run(scope, asking, signal)) {
    if (event.type === 'finish') return event.answer
    if (event.type === 'interrupted') throw new AppError(event.reason.code, event.reason.values)
  }
  throw new AppError('cancelled')

  async function begin() {
    const scope = scopeIn(within ?? (await core.projects.find(userId)), userId)
    await core.quotas.demandQuestion(userId)
    return { scope, ...(await chatOf(core, scope, text, {})) }
  }
}

/** In whichever project it is: a chat is looked for in one project at a time, since nothing is read across them. */
async function findChat(
  core: Core,
  userId: string,
  id: string,
  projectId: string | undefined,
): Promise<AskedIn & { scope: Scope }> {
  for (const project of await core.projects.list(userId)) {
    if (projectId !== undefined && project.id !== projectId) continue
    const scope = scopeIn(project, userId)
    const chat = await core.chats.get(scope, id).catch(error => {
      if (!(error instanceof AppError && error.code === 'chat-not-found')) throw error
    })
    if (chat) return { scope, chat, begins: {} }
  }
  throw new AppError('chat-not-found', { id })
}

/** As a file with the ending of its format. Throws `name-invalid`, and what adding a document throws. */
export async function addText(
  core: Core,
  scope: Scope,
  { name: given, text, format }: { name: string; text: string; format: 'markdown' | 'plain' },
  limit: number,
): Promise<{ document: Document; added: boolean }> {
  const ending = format === 'markdown' ? '.md' : '.txt'
  const plain = cleanName(given.replace(/[\p{Cc}/\\]+/gu, ' ').trim())
  if (plain === '') throw new AppError('name-invalid', { name: '', max: longestTextName })
  const name = plain.toLowerCase().endsWith(ending) ? plain : cleanName(`${plain}${ending}`)
  const bytes = new TextEncoder().encode(text)
  const open = async function* () {
    yield bytes
  }
  return core.documents.add(scope, { name, open, limit })
}

export interface Prompt {
  prompt: string
  model?: string | undefined
  temperature?: number | undefined
  maxTokens?: number | undefined
}

/** What a model writes, until nobody waits for it any more, or the server ends (`server-stopping`). */
export async function* generate(
  { core, userId, stopping }: { core: Core; userId: string; stopping: AbortSignal },
  { prompt, model, temperature, maxTokens }: Prompt,
  signal: AbortSignal,
): AsyncGenerator<GenerateEvent, void> {
  const request = {
    prompt,
    ...(model !== undefined && { model }),
    ...(temperature !== undefined && { temperature }),
    ...(maxTokens !== undefined && { maxTokens }),
  }
  try {
    yield* core.generate({ userId }, request, AbortSignal.any([signal, stopping]))
  } catch (error) {
    throw stopping.aborted ? new AppError('server-stopping', {}, { cause: error }) : error
  }
}
