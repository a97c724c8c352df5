import type { Account, ErasedAccount, SignInOptions } from '../shared/api/account.ts'
import { ApiError } from '../shared/api/api-error.ts'
import type { Client } from '../shared/api/client.ts'
import type { Session } from '../shared/api/index.ts'
import type { Arrival } from './account/arrival.ts'
import type { App } from './app-context.ts'
import type { Preferences } from './preferences.ts'
import type { Stage } from './screen.tsx'
import type { Store } from './store.ts'

/** Somebody at this screen: from the door to the inside, and back when their session ends. */
export interface Visit {
  /** Goes as far as it is let; what the address carried comes first. Never throws: what goes wrong is a stage. */
  begin(arrival: Arrival | null, refusal: string | null): Promise<void>
  /** The server no longer knows this browser. What is written in this window is kept, for the same account. */
  refused(): void
  /** The account is no more: nothing of what was on the screen stays. */
  erased(receipt: ErasedAccount): void
}

interface Inside {
  app: App
  /** Ends the stream of events. */
  leave(): void
}

export function createVisit({
  client,
  preferences,
  stage,
  compose,
  follow,
}: {
  client: Client
  preferences: Pick<Preferences, 'adopt'>
  stage: Store<Stage>
  compose(known: { session: Session; account: Account; options: SignInOptions }): App
  /** Follows the server's events until the returned function is called. */
  follow(app: App, refused: () => void): () => void
}): Visit {
  let inside: Inside | undefined
  /** The last one's, after their session ended. */
  let before: App | undefined
  let doors = 0

  function leave(): void {
    inside?.leave()
    before = inside?.app ?? before
    inside = undefined
  }

  function toTheDoor(options: SignInOptions, arrival: Arrival | null, refusal: string | null): void {
    const account = arrival ? null : (before?.account.get() ?? null)
    const visitor = { options, arrival, refusal, before: account }
    doors += 1
    stage.set({ name: 'sign-in', door: doors, visitor, enter: () => enter(options) })
  }

  /** Throws what the server refuses. */
  async function enter(options: SignInOptions, token?: string): Promise<void> {
    const session = token === undefined ? await client.session.get() : await client.session.open({ token })
    const [settings, { account }] = await Promise.all([client.settings.get(), client.auth.me()])
    await preferences.adopt(settings)
    leave()
    const same = before?.account.get().id === account.id ? before : undefined
    const other = before !== undefined && !same
    before = undefined
    const app = same ?? compose({ session, account, options })
    if (same) {
      same.account.set(account)
      // Nobody told what happened meanwhile.
      void same.queries.invalidateQueries()
    }
    // What somebody else looked at is nothing of theirs.
    if (other) app.router.go('ask', { replace: true })
    stage.set({ name: 'inside', app, projectId: settings.projectId })
    inside = { app, leave: follow(app, refused) }
  }

  function refused(): void {
    if (!inside) return
    const { options } = inside.app
    leave()
    before?.passwords.clear()
    if (options.mode === 'local') stage.set({ name: 'outside', wrong: false })
    else toTheDoor(options, null, null)
  }

  return {
    refused,
    erased(receipt) {
      leave()
      before = undefined
      stage.set({ name: 'erased', receipt })
    },
    async begin(arrival, refusal) {
      try {
        const options = await client.auth.options()
        const here = options.mode === 'local'
        const token = here && arrival?.kind === 'token' ? arrival.token : undefined
        if (!here && arrival && arrival.kind !== 'token') {
          leave()
          return toTheDoor(options, arrival, null)
        }
        try {
          await enter(options, token)
        } catch (error) {
          if (!(error instanceof ApiError) || error.code !== 'unauthorized') throw error
          if (here) stage.set({ name: 'outside', wrong: token !== undefined })
          else toTheDoor(options, null, refusal)
        }
      } catch (error) {
        stage.set({ name: 'failed', error })
      }
    },
  }
}
