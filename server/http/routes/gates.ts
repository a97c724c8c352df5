/**
 * What stands before a route: who may pass, and what for. Every route of the contract says one of these; `inProject` is the only way to a
 * scope.
 */
import { implement, ORPCError, os as plain, withEventMeta } from '@orpc/server'
import { contract, type StreamedAnswer } from '../../../shared/api/index.ts'
import type { Answers, Core, Deed, Need } from '../../../shared/core.ts'
import { AppError } from '../../../shared/errors.ts'
import type { Visit } from '../../auth/visit.ts'
import { demandRole, type Identity } from '../identity.ts'
import { type Caller, problemOf } from '../problems.ts'

export interface CallContext {
  caller: Caller
  /** Undefined only where nobody needs to be known: see `open`. */
  who: Identity | undefined
  visit: Visit
  /** Sets the cookie of whoever has the token; without one, takes it away. Throws `unauthorized`. */
  identify(token: string | undefined): void
}

export const os = implement(contract).$context<CallContext>()
const middleware = plain.$context<CallContext>()

export type Gates = ReturnType<typeof createGates>

export function createGates({ members }: Pick<Core, 'members'>) {
  return {
    /** Whoever is let in; what the route touches is that user's own. */
    asUser: middleware.middleware(async ({ context, next }) => {
      const who = known(context)
      return next({ context: { who, userId: who.userId } })
    }),
    /** Those who look after the installation. Throws `role-needed`. */
    asAdministrator: middleware.middleware(async ({ context, next }) => {
      const who = known(context)
      demandRole(who)
      return next({ context: { who, userId: who.userId } })
    }),
    /** Whoever may do that in the project that the call names. Throws as `Members.scopeOf`. */
    inProject: (need: Need) =>
      middleware.middleware(async ({ context, next }, { projectId }: { projectId: string }) => {
        const who = known(context)
        const { scope, role } = await members.enter(who.userId, projectId, need)
        return next({ context: { who, userId: who.userId, scope, role } })
      }),
  }
}

/** For the audit log. */
export const deedOf = ({ userId: actorId, visit }: { userId: string; visit: Visit }): Deed => ({
  actorId,
  address: visit.address ?? null,
})

/** Throws `unauthorized`. */
function known({ who }: CallContext): Identity {
  if (!who) throw new AppError('unauthorized')
  return who
}

/** What fails in the middle of a stream is told as what fails before it is. */
export async function* streamed<Event>(events: () => AsyncIterable<Event>, caller: Caller) {
  try {
    yield* events()
  } catch (error) {
    const problem = problemOf(error, caller)
    throw new ORPCError('PROBLEM', { status: problem.status, message: problem.title, data: problem, cause: error })
  }
}

/** With the places that a reader may go on behind. */
export async function* placed(events: ReturnType<Answers['run']>): AsyncGenerator<StreamedAnswer, void> {
  for await (const { event, number } of events)
    yield number === undefined ? event : withEventMeta({ ...event }, { id: String(number) })
}

/** Streamed, and so not here: Express has them before the handler. */
export const elsewhere = () => {
  throw new AppError('internal')
}

/** What the call says; what it leaves out stays as it is. */
export function given<Fields extends object>(fields: Fields) {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [Key in keyof Fields]: Exclude<Fields[Key], undefined>
  }
}

export const never = new AbortController().signal
