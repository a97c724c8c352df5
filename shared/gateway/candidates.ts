/** Which models may give an answer, in the order in which they are asked. */
import { AppError, toAppError } from '../errors.ts'
import type { AnsweringServer, ChatModel, ErrorCode, ModelPolicy, Reason } from '../model/index.ts'
import type { Models } from '../ports.ts'
import type { Asker, ServerModels } from './servers.ts'
import type { Turns } from './turns.ts'

/** A model that may be asked now. */
export interface Candidate {
  chat: ChatModel
  /** Absent where it runs in our own process. */
  server?: AnsweringServer
  turns: Turns
}

const isHere = ({ server }: Candidate) => !server || server.here

export interface Wish {
  /** The reference that the call, its chat or its assistant names. */
  model?: string | undefined
  policy: ModelPolicy
  /** The installation's own choice. */
  installation?: string | undefined
}

/** One after the other, each asked for when the one before did not do: nothing is looked up that nobody needs. */
export interface Candidates {
  next(): Promise<Candidate | undefined>
  /** Why the first that was asked for does not answer; `by` does. Null where it does, or nobody asked for one. */
  instead(by: Candidate): Reason | null
  /** The first that was asked for failed while it was asked. */
  failed(candidate: Candidate, error: unknown): void
  /** Why nobody was found; undefined where there is nothing at all. */
  error(): AppError | undefined
}

const absent: ReadonlySet<ErrorCode> = new Set(['model-not-found', 'provider-not-found'])

/**
 * What the call asks for → what the project does → the installation's choice → the local model in use → others of this machine, or of
 * providers that the project names. Never another machine's that nobody chose, and none after one of this machine that was asked for by the
 * call, its chat, its assistant or the project: whoever names that one names where the texts stay.
 */
export function createCandidates(
  { models, servers, local }: { models: Models; servers: ServerModels | undefined; local: Turns },
  asker: Asker,
  { model, policy, installation }: Wish,
): Candidates {
  const wished = [model, policy.chatModel ?? undefined].filter(reference => reference !== undefined)
  const known = new Set<string>()
  /** The first that was chosen, and what came of it. */
  let first = wished[0]
  let trouble: AppError | undefined
  let firstError: AppError | undefined
  let given: string | undefined

  /** A file's name is one of this machine, also where there is no such file. */
  const namesHere = async (reference: string) =>
    !reference.includes('/') || ((await servers?.runsHere(asker, reference)) ?? false)

  /**
   * A slash means a server's: files' names hold none, so the folder of models is read for such a reference only where no server
   * is called so, since what a file says it is called may hold one.
   */
  async function open(reference: string): Promise<Candidate | undefined> {
    const served = reference.includes('/') ? await servers?.chat(asker, reference, policy) : undefined
    if (served) return served
    const file = await models.chat(reference)
    return file && { chat: file, turns: local }
  }

  function note(reference: string | undefined, error: unknown): void {
    const known = toAppError(error)
    // What nobody asked for, and is not there, is no news.
    firstError ??= known
    if (reference !== undefined && reference === first) trouble ??= known
  }

  async function* all(): AsyncGenerator<Candidate, void> {
    let stay = false
    const fresh = (candidate: Candidate | undefined): candidate is Candidate => {
      if (!candidate || known.has(candidate.chat.name) || (stay && !isHere(candidate))) return false
      known.add(candidate.chat.name)
      return true
    }
    async function* choices(): AsyncGenerator<[reference: string, isWished: boolean], void> {
      for (const reference of wished) yield [reference, true]
      if (installation === undefined) return
      const set = (await servers?.referenceOf(asker, installation)) ?? installation
      first ??= set
      yield [set, false]
    }
    for await (const [reference, isWished] of choices()) {
      try {
        const found = await open(reference)
        if (found && isWished) stay ||= isHere(found)
        if (!found) throw new AppError('model-not-found', { name: reference })
        if (!fresh(found)) continue
        given = reference
        yield found
      } catch (error) {
        // Also one that cannot be used says where the texts stay; only then its provider is looked for a second time.
        if (isWished) stay ||= await namesHere(reference)
        note(reference, error)
      }
    }
    given = undefined
    try {
      const usual = await models.chat()
      const found = usual && { chat: usual, turns: local }
      if (fresh(found)) yield found
    } catch (error) {
      note(undefined, error)
    }
    for (const reference of (await servers?.substitutes(asker, policy)) ?? []) {
      try {
        const found = await open(reference)
        if (fresh(found)) yield found
      } catch (error) {
        note(undefined, error)
      }
    }
  }

  const order = all()
  return {
    async next() {
      const { done, value } = await order.next()
      return done ? undefined : value
    },
    instead({ chat }) {
      if (first === undefined || !trouble) return null
      const values = { name: first, other: chat.name }
      return absent.has(trouble.code)
        ? { code: 'model-other', values }
        : { code: 'model-replaced', values: { ...values, why: trouble.code } }
    },
    failed: (_, error) => note(given, error),
    error: () => firstError,
  }
}
