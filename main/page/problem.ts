import type { Problem } from '../../shared/api/problem.ts'
import { type AppError, reasonOf } from '../../shared/errors.ts'

/** What main itself refuses, told as the server tells its own, in no words: the page has them. */
export function problemOf(error: AppError, refused: 409 | 503): Response {
  const { code, values = {} } = reasonOf(error)
  const status = code === 'internal' ? 500 : refused
  const about: Problem = { type: 'about:blank', title: '', status, detail: '', instance: '', code, values }
  return Response.json(about, {
    status,
    headers: { 'Content-Type': 'application/problem+json', 'Cache-Control': 'no-store' },
  })
}
