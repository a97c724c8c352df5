/** An answer from documents as a completion: our proven sentences, with their sources. */
import { estimateTokens } from '../../../shared/answer/tokens.ts'
import type { AskRequest, Core } from '../../../shared/core.ts'
import { createTranslate, type Translate } from '../../../shared/messages/index.ts'
import { shownCells, shownQuote } from '../../../shared/model/answer.ts'
import type { Answer, AnswerSentence, Assistant, Citation, Passage, Project } from '../../../shared/model/index.ts'
import { detectLanguage } from '../../../shared/retrieve/language.ts'
import { scopeIn } from '../../../shared/workspace/members.ts'
import { sourceText, textOf } from '../../present.ts'
import { demandQuestion, throughAssistant, titleOf } from '../asking.ts'
import { Refusal } from './errors.ts'
import { type ChatRequest, mostTokens, stopsOf, textOfMessage } from './request.ts'
import { createStops, type TalkEvent, usageOf } from './talk.ts'

/** Characters of system messages and an assistant's instructions together. */
const longestInstructions = 8000

export interface Whom {
  project: Project
  assistant: Assistant | null
}

/** `canTakeBack`: nobody has read the text yet. */
export async function* talkOfDocuments(
  { core, userId, topK }: { core: Core; userId: string; topK: number },
  { project, assistant }: Whom,
  request: ChatRequest,
  { signal, canTakeBack }: { signal: AbortSignal; canTakeBack: boolean },
): AsyncGenerator<TalkEvent, void> {
  const scope = scopeIn(project, userId)
  const asked = understand(request, assistant, topK)
  if (request.store) await core.quotas.demandQuestion(userId)
  const chat = request.store
    ? await core.chats.prepare(scope, { title: titleOf(asked.question), assistantId: assistant?.id ?? null })
    : undefined
  const through = { assistantId: assistant?.id ?? null, model: null }
  const wishes = await throughAssistant(core, scope, through, {
    ...asked,
    ...(chat ? { begins: chat } : { keep: false as const }),
  })
  const writer = createWriter({
    translate: createTranslate(wishes.language ?? (detectLanguage(asked.question) === 'de' ? 'de' : 'en')),
    sources: request.cloister?.sources !== false,
    stops: stopsOf(request),
    most: mostTokens(request),
    canTakeBack,
  })
  let passages: Passage[] = []
  let answer: Answer | undefined
  try {
    for await (const event of core.ask(scope, wishes, signal)) {
      if (event.type === 'passages') {
        passages = event.passages
        yield { type: 'begun' }
      } else if (event.type === 'sentence') yield* writer.sentence(event.sentence, event.citations)
      else if (event.type === 'quote') yield* writer.quote(event.citation)
      else if (event.type === 'finish') answer = event.answer
      // Nobody hears what comes after it: leaving stops the model.
      if (writer.done) break
    }
    yield* writer.finish(answer)
  } finally {
    if (chat) core.announce({ type: 'chat', userId, projectId: project.id, chatId: chat.id })
  }
  const { server, reason = null } = answer ?? {}
  const prompt = request.messages.reduce((sum, message) => sum + estimateTokens(textOfMessage(message)), 0)
  yield {
    type: 'end',
    model: request.model,
    finish: writer.cut ? 'length' : 'stop',
    usage: usageOf(prompt, estimateTokens(writer.said)),
    cloister: {
      mode: answer?.mode ?? writer.mode,
      // Which one wrote it, and how sure it is, is known at an answer's own end, which was not waited for.
      model: answer?.model ?? null,
      ...(server && { server }),
      reason: reason && { ...reason, text: textOf(createTranslate('en'), reason) },
      evidence: answer?.evidence ?? null,
      language: answer?.language ?? null,
      citations: writer.citations,
      passages,
      project: project.id,
      assistant: assistant?.id ?? null,
      chat: chat?.id ?? null,
      // No model says how many tokens there were: these are counted by rule.
      usage: 'estimated',
    },
  }
}

/** The last message is the question, what was asked before it its history. Throws a `Refusal`, `question-empty`, `question-too-long`. */
function understand(request: ChatRequest, assistant: Assistant | null, topK: number) {
  const { messages, response_format: format, tool_choice: choice, temperature, cloister = {} } = request
  if (format && format.type !== 'text')
    throw new Refusal('Answers from documents are sentences, not JSON. Ask a plain model.', {
      param: 'response_format',
    })
  // Under “auto” it calls none, which is one of the things a model may do.
  if (choice === 'required' || (typeof choice === 'object' && choice !== null))
    throw new Refusal('Answers from documents call no tools. Ask a plain model.', { param: 'tool_choice' })
  const last = messages.at(-1)
  if (last?.role !== 'user')
    throw new Refusal('The last message must be a question of the user.', { param: 'messages' })
  const told = messages.filter(({ role }) => role === 'system' || role === 'developer').map(textOfMessage)
  const instructions = [assistant?.instructions ?? '', ...told].filter(text => text.trim() !== '').join('\n\n')
  if (instructions.length > longestInstructions)
    throw new Refusal(
      `System messages and the assistant’s instructions may have ${longestInstructions} characters together.`,
      { param: 'messages', code: 'string_above_max_length' },
    )
  const before = messages
    .slice(0, -1)
    .filter(({ role }) => role === 'user')
    .map(textOfMessage)
  const { documents, language, mode } = cloister
  return {
    question: demandQuestion(textOfMessage(last)),
    before: before.map(text => text.slice(0, 2000)).filter(text => text.trim() !== ''),
    passages: cloister.passages ?? topK,
    ...(instructions !== '' && { instructions }),
    ...(temperature != null && { temperature }),
    ...(documents && { documents }),
    ...(language && { language }),
    ...(mode && { mode }),
  } satisfies AskRequest
}

interface WriterOptions {
  translate: Translate
  /** With a list of sources at the end. */
  sources: boolean
  stops: readonly string[]
  /** Tokens, by estimate. */
  most: number | undefined
  canTakeBack: boolean
}

/** Makes one text of what is told: sentences with the numbers of their sources, or quotes. */
function createWriter({ translate, sources, stops, most = Number.POSITIVE_INFINITY, canTakeBack }: WriterOptions) {
  const gate = createStops(stops)
  /** Sentences without a proof, until one with a proof is there: without any, quotes take their place. */
  let held: AnswerSentence[] = []
  /** Citations before those of the part that is being told. */
  let base = 0
  let quotes = 0
  const self = {
    said: '',
    /** At so many tokens. */
    cut: false,
    /** It was cut, or a sign to stop at came: nothing more is said. */
    get done() {
      return self.cut || gate.stopped
    },
    get mode() {
      return quotes === 0 ? ('model' as const) : ('quotes' as const)
    },
    citations: [] as Citation[],
    sentence,
    quote,
    finish,
  }

  function* say(text: string): Generator<TalkEvent, void> {
    if (self.done) return
    if (self.said !== '' && estimateTokens(self.said + text) > most) {
      self.cut = true
      return
    }
    const shown = gate.push(text)
    self.said += shown
    if (shown !== '') yield { type: 'text', text: shown }
  }

  const mark = (numbers: readonly number[]) => numbers.map(number => `[${base + number + 1}]`).join('')

  function textOfSentence({ text, lead, citations, supported }: AnswerSentence): string {
    const marks = [mark(citations), supported ? '' : translate('cli.answer.unsupported')].filter(Boolean).join(' ')
    const begin = self.said === '' ? lead.replace(/^\s+/, '') : lead
    return `${begin}${text}${marks === '' ? '' : ` ${marks}`}`
  }

  function* sentence(one: AnswerSentence, fresh: readonly Citation[]): Generator<TalkEvent, void> {
    self.citations.push(...fresh)
    held.push(one)
    if (!one.supported && self.said === '') return
    for (const next of held.splice(0)) yield* say(textOfSentence(next))
  }

  function* quote(citation: Citation): Generator<TalkEvent, void> {
    if (quotes === 0) {
      held = []
      if (canTakeBack && self.said !== '') {
        self.said = ''
        yield { type: 'reset' }
      }
      if (self.said === '') self.citations.length = 0
      else yield* say(`\n\n${translate('cli.answer.instead')}\n\n`)
      base = self.citations.length
    }
    self.citations.push(citation)
    const cells = shownCells(citation)
    const explained = cells === undefined ? '' : ` (${harmless(cells)})`
    const text = translate('cli.quoted', { text: harmless(shownQuote(citation)) })
    yield* say(`${quotes === 0 ? '' : '\n\n'}${text}${explained} ${mark([quotes])}`)
    quotes += 1
  }

  /** Without an answer where it was not waited for. */
  function* finish(answer: Answer | undefined): Generator<TalkEvent, void> {
    for (const next of held.splice(0)) yield* say(textOfSentence(next))
    if (answer && self.said === '' && self.citations.length === 0) yield* say(answer.text)
    if (sources && self.citations.length > 0 && !self.cut) {
      const list = self.citations.map((citation, at) => `- [${at + 1}] ${harmless(sourceText(translate, citation))}`)
      yield* say(`\n\n${translate('answer.sources')}:\n${list.join('\n')}`)
    }
    const rest = gate.rest()
    self.said += rest
    if (rest !== '') yield { type: 'text', text: rest }
  }

  return self
}

/**
 * Programs show what they get as Markdown: a picture in a document must not be loaded by whoever quotes it. A backslash of the document's
 * before ours would undo it: between `!` and `[` there is none, and `<` has no backslash.
 */
const harmless = (text: string) => text.replaceAll('![', '!\\[').replace(/<(?=[a-z/!?])/gi, '&lt;')
