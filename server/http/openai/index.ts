/**
 * What programs written for OpenAI's API ask: `/v1`, a dialect of others, and so no part of our contract. A model is a project, one of its
 * assistants, or a chat model of this installation.
 */
import { json, type RequestHandler, type Response, Router } from 'express'
import { AppError } from '../../../shared/errors.ts'
import { leaving } from '../deadlines.ts'
import { whoAsks } from '../identity.ts'
import type { ModelShelf } from '../model-shelf.ts'
import { type CompletionsDependencies, createCompletions } from './completions.ts'
import { embeddings } from './embeddings.ts'
import { createOpenAiModels } from './models.ts'

export { Refusal, sendError } from './errors.ts'

/** Bytes of a request: a long conversation, or thousands of texts. */
const limit = 10 * 1024 * 1024

/** Behind the check of who is asking. What it throws is to be said by `sendError`. */
export function createOpenAi({
  models: shelf,
  ...deps
}: Omit<CompletionsDependencies, 'modelsOf'> & { models: ModelShelf }): Router {
  const modelsOf = (userId: string) => createOpenAiModels({ core: deps.core, models: shelf, userId })
  const modelsFor = (res: Response) => modelsOf(whoAsks(res).userId)
  const router = Router({ caseSensitive: true })
  const completions = createCompletions({ ...deps, modelsOf })
  const read: RequestHandler[] = [demandJson, json({ limit, strict: false })]

  router
    .route('/models')
    .get(async (_req, res) => void res.json({ object: 'list', data: await modelsFor(res).list() }))
    .all(only('GET'))
  router
    .route('/models/*id')
    .get(async (req, res) => void res.json(await modelsFor(res).get([req.params.id].flat().join('/'))))
    .all(only('GET'))
  router
    .route('/chat/completions')
    .post(...read, completions)
    .all(only('POST'))
  router
    .route('/embeddings')
    .post(...read, async (req, res) => {
      const { userId } = whoAsks(res)
      res.json(await embeddings({ core: deps.core, userId, models: modelsOf(userId) }, req.body, leaving(res)))
    })
    .all(only('POST'))
  router.use(() => {
    throw new AppError('route-not-found')
  })
  return router
}

const demandJson: RequestHandler = (req, _res, next) => {
  if (!req.is('application/json')) throw new AppError('media-type', { type: 'application/json' })
  next()
}

const only =
  (method: 'GET' | 'POST'): RequestHandler =>
  (req, res) => {
    res.setHeader('Allow', method)
    throw new AppError('method-not-allowed', { method: req.method, allowed: method })
  }
