/** Apart from the schemas, so that a page that reads problems carries no zod (25 kB gzipped). */
import { AppError } from '../errors.ts'
import type { Issue, Problem } from './problem.ts'

/** A refusal of the server, or that it cannot be reached (`server-unreachable`, status 0). */
export class ApiError extends AppError {
  readonly status: number
  /** In the language that was asked for; empty when the server was not reached. */
  readonly detail: string
  readonly issues: readonly Issue[]
  /** Names the request in the server's log. */
  readonly instance: string

  constructor(refused: Pick<Problem, 'code' | 'status'> & Partial<Problem>, options?: { cause?: unknown }) {
    super(refused.code, refused.values, options)
    this.name = 'ApiError'
    this.status = refused.status
    this.detail = refused.detail ?? ''
    this.issues = refused.issues ?? []
    this.instance = refused.instance ?? ''
  }
}

/** Whether it is a body as `problem` describes it. */
export function isProblem(value: unknown): value is Problem {
  if (!isRecord(value)) return false
  const { status, values, issues } = value
  return (
    ['type', 'title', 'detail', 'instance', 'code'].every(name => typeof value[name] === 'string') &&
    Number.isInteger(status) &&
    isRecord(values) &&
    Object.values(values).every(one => typeof one === 'string' || typeof one === 'number') &&
    (issues === undefined || (Array.isArray(issues) && issues.every(isIssue)))
  )
}

function isIssue(value: unknown): value is Issue {
  return isRecord(value) && typeof value.path === 'string' && typeof value.message === 'string'
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
