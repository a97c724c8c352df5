/** `POST /v1/chat/completions`, whole or as a stream of server-sent events. */
import { randomUUID } from 'node:crypto'
import type { Request, Response } from 'express'
import type { Core } from '../../../shared/core.ts'
import { AppError } from '../../../shared/errors.ts'
import { drained } from '../carry.ts'
import { leaving } from '../deadlines.ts'
import { whoAsks } from '../identity.ts'
import { talkOfDocuments } from './documents.ts'
import { describeError } from './errors.ts'
import type { OpenAiModels } from './models.ts'
import { talkOfModel } from './plain.ts'
import { type ChatRequest, chatRequest, demand, demandPossible } from './request.ts'
import type { TalkEvent } from './talk.ts'

export interface CompletionsDependencies {
  core: Core
  /** As this user sees them. */
  modelsOf(userId: string): OpenAiModels
  topK: number
  /** Fires when the server ends. */
  stopping: AbortSignal
}

/** Milliseconds of silence after which a stream says that it is still there. */
const heartbeat = 5000

export function createCompletions(deps: CompletionsDependencies) {
  return async function completions(req: Request, res: Response): Promise<void> {
    const request = demand(chatRequest, req.body)
    demandPossible(request)
    const { userId } = whoAsks(res)
    const asked = await deps.modelsOf(userId).find(request.model)
    const own = { ...deps, userId }
    const left = leaving(res)
    const signal = AbortSignal.any([left, deps.stopping])
    const options = { signal, canTakeBack: !request.stream }
    const talk =
      asked.kind === 'documents'
        ? talkOfDocuments(own, asked, request, options)
        : talkOfModel(own, asked.reference, request, options)
    try {
      if (request.stream) await stream(res, request, talk, deps.stopping)
      else await whole(res, request, talk)
    } catch (error) {
      // Whoever went away hears nothing.
      if (left.aborted) return
      throw deps.stopping.aborted ? new AppError('server-stopping', {}, { cause: error }) : error
    } finally {
      await talk.return()
    }
  }
}

const headOf = (kind: 'chat.completion' | 'chat.completion.chunk') => ({
  id: `chatcmpl-${randomUUID().replaceAll('-', '')}`,
  object: kind,
  created: Math.floor(Date.now() / 1000),
})

async function whole(res: Response, request: ChatRequest, talk: AsyncIterable<TalkEvent>): Promise<void> {
  let text = ''
  const calls: object[] = []
  for await (const event of talk) {
    if (event.type === 'text') text += event.text
    if (event.type === 'reset') text = ''
    if (event.type === 'call') calls.push(callOf(event))
    if (event.type !== 'end') continue
    const { cloister, finish, model, usage } = event
    const message = {
      role: 'assistant',
      content: text === '' && calls.length > 0 ? null : text.trim(),
      refusal: null,
      ...(calls.length > 0 && { tool_calls: calls }),
      cloister,
    }
    const choice = { index: 0, message, logprobs: null, finish_reason: finish }
    if (!res.destroyed)
      res.json({ ...headOf('chat.completion'), model: nameOf(request, model), choices: [choice], usage })
    return
  }
  throw new AppError('internal')
}

/** What is refused before anything was said is a refusal; what fails later, an event with the error, and the end. */
async function stream(
  res: Response,
  request: ChatRequest,
  talk: AsyncGenerator<TalkEvent, void>,
  stopping: AbortSignal,
): Promise<void> {
  const head = headOf('chat.completion.chunk')
  const withUsage = request.stream_options?.include_usage === true
  let model = request.model
  let calls = 0
  const send = async (data: object | '[DONE]') => {
    const room = res.write(`data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`)
    if (!room && !res.destroyed) await drained(res)
  }
  const chunk = (delta: object, finish: string | null = null, more: object = {}) =>
    send({
      ...head,
      model,
      choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
      ...(withUsage && { usage: null }),
      ...more,
    })

  const first = await talk.next()
  if (res.destroyed) return
  // Without a listener, a connection that breaks would be an error that nobody caught.
  res.on('error', () => {})
  res.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' })
  const beating = setInterval(() => void (res.writableNeedDrain || res.write(': \n\n')), heartbeat)
  try {
    await chunk({ role: 'assistant', content: '' })
    for (let next = first; !next.done && !res.destroyed; next = await talk.next()) {
      const event = next.value
      if (event.type === 'text') await chunk({ content: event.text })
      if (event.type === 'call') await chunk({ tool_calls: [{ index: calls++, ...callOf(event) }] })
      if (event.type === 'end') {
        model = nameOf(request, event.model)
        await chunk({}, event.finish, { cloister: event.cloister })
        if (withUsage) await send({ ...head, model, choices: [], usage: event.usage })
      }
      beating.refresh()
    }
    if (!res.destroyed) await send('[DONE]')
  } catch (error) {
    const known = stopping.aborted ? new AppError('server-stopping', {}, { cause: error }) : error
    if (!res.destroyed) await send(describeError(known, res.locals.caller).body)
  } finally {
    clearInterval(beating)
    res.end()
  }
}

const callOf = ({ id, name, input }: Extract<TalkEvent, { type: 'call' }>) => ({
  id,
  type: 'function',
  function: { name, arguments: input },
})

/** What was asked for, where that is what answered. */
function nameOf(request: ChatRequest, model: string): string {
  return model === '' ? request.model : model
}
