/** Answers in another's project end with the part that one has in it, whoever reads them and at whichever server. */
import { type AppError, toAppError } from '../errors.ts'
import type { ErrorCode, Scope } from '../model/index.ts'
import type { AppEvent, Log } from '../ports.ts'
import type { Members } from './members.ts'

export interface StillMember {
  /**
   * What begins here goes on for as long as whoever asks may read the project. `ended`: why it had to end, if it did. `done` is to be
   * called at its end.
   */
  begin(scope: Scope, signal: AbortSignal | undefined): Lasting
  /** Something may have changed in who has a part in what. */
  hear(event: AppEvent): void
  close(): void
}

export interface Lasting {
  signal: AbortSignal | undefined
  ended(): AppError | undefined
  done(): void
}

interface Open {
  callerId: string
  projectId: string
  end(why: AppError): void
}

/** Milliseconds between two looks at all of them: what is said may be lost. */
const lookTime = 30_000
const out: readonly ErrorCode[] = ['project-not-found', 'project-role']

export function createStillMember({ members, log }: { members: Pick<Members, 'scopeOf'>; log: Log }): StillMember {
  const open = new Set<Open>()

  async function look({ callerId, projectId, end }: Open): Promise<void> {
    try {
      await members.scopeOf(callerId, projectId, 'read')
    } catch (error) {
      const why = toAppError(error)
      // A database that is away takes nobody's part in anything.
      if (out.includes(why.code)) end(why)
      else log.warn('it was not asked again who may read a project', { error })
    }
  }

  function lookAt(concerns: (one: Open) => boolean): void {
    for (const one of open) if (concerns(one)) void look(one)
  }

  const looking = setInterval(() => lookAt(() => true), lookTime)
  looking.unref()

  return {
    begin({ projectId, memberId }, signal) {
      // An owner has no part that could be taken back.
      if (memberId === undefined) return { signal, ended: () => undefined, done: () => {} }
      const control = new AbortController()
      let ended: AppError | undefined
      const one: Open = {
        callerId: memberId,
        projectId,
        end(why) {
          ended ??= why
          control.abort(why)
        },
      }
      open.add(one)
      return {
        signal: signal ? AbortSignal.any([signal, control.signal]) : control.signal,
        ended: () => ended,
        done: () => void open.delete(one),
      }
    },
    hear(event) {
      if (event.type === 'members') lookAt(({ projectId }) => projectId === event.projectId)
      if (event.type === 'missed') lookAt(() => true)
    },
    close: () => clearInterval(looking),
  }
}
