import type { Request, Response } from 'express'
import type { AppError } from '../../shared/errors.ts'
import { sendError } from './openai/errors.ts'
import { problemOf, sendProblem } from './problems.ts'

/** Why there is no answer, in the shape that whoever asks at this address reads: OpenAI's under `/v1`, a problem document elsewhere. */
export function refuse({ originalUrl }: Pick<Request, 'originalUrl'>, res: Response, error: AppError): void {
  const { caller } = res.locals
  if (/^\/v1(?:[/?]|$)/.test(originalUrl)) sendError(res, error, caller)
  else sendProblem(res, problemOf(error, caller))
}
