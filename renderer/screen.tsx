import { QueryClientProvider } from '@tanstack/react-query'
import { lazy, Suspense, useEffect, useRef } from 'react'
import type { ErasedAccount } from '../shared/api/account.ts'
import type { Client } from '../shared/api/client.ts'
import type { Visitor } from './account/door.ts'
import { type App, AppContext } from './app-context.ts'
import type { Desktop } from './desktop.ts'
import { Boundary } from './parts/boundary.tsx'
import { Problem } from './parts/problem.tsx'
import type { Preferences } from './preferences.ts'
import { Inside } from './shell/inside.tsx'
import { SignIn } from './shell/sign-in.tsx'
import { NotOpen, Starting } from './shell/starting.tsx'
import { type Store, useStore } from './store.ts'
import { WordsContext } from './words.tsx'

// A machine of one's own has no accounts.
const ErasedPage = lazy(async () => ({ default: (await import('./account/erased-page.tsx')).ErasedPage }))
const SignInPage = lazy(async () => ({ default: (await import('./account/sign-in-page.tsx')).SignInPage }))

/** How far this visit has come. */
export type Stage =
  | { name: 'starting' }
  /** Without the key of this machine. */
  | { name: 'outside'; wrong: boolean }
  /** Before the door of a server with accounts; `door`: each time another, which begins anew. */
  | { name: 'sign-in'; door: number; visitor: Visitor; enter(): Promise<void> }
  | { name: 'failed'; error: unknown }
  /** Their account is no more. */
  | { name: 'erased'; receipt: ErasedAccount }
  | { name: 'inside'; app: App; projectId: string | null }

export function Screen({
  stage,
  preferences,
  client,
  desktop,
}: {
  stage: Store<Stage>
  preferences: Preferences
  client: Client
  desktop: Desktop | null
}) {
  const now = useStore(stage)
  const words = useStore(preferences.words)
  return (
    <WordsContext value={words}>
      {now.name === 'starting' && <Starting desktop={desktop} />}
      {now.name === 'outside' && <SignIn wrong={now.wrong} />}
      {now.name === 'sign-in' && (
        <Boundary page>
          <Suspense fallback={<p className="starting">Cloister</p>}>
            <SignInPage
              key={now.door}
              visitor={now.visitor}
              client={client}
              preferences={preferences}
              enter={now.enter}
            />
          </Suspense>
        </Boundary>
      )}
      {now.name === 'failed' && (
        <main className="starting" data-failed>
          <h1>Cloister</h1>
          {desktop ? <FailedInWindow desktop={desktop} error={now.error} /> : <Failed error={now.error} />}
        </main>
      )}
      {now.name === 'erased' && (
        <Suspense fallback={<p className="starting">Cloister</p>}>
          <ErasedPage receipt={now.receipt} />
        </Suspense>
      )}
      {now.name === 'inside' && (
        <AppContext value={now.app}>
          <QueryClientProvider client={now.app.queries}>
            <Inside lastProject={now.projectId} />
          </QueryClientProvider>
        </AppContext>
      )}
    </WordsContext>
  )
}

const again = () => location.reload()

function Failed({ error }: { error: unknown }) {
  return <Problem error={error} retry={again} />
}

/** Where the server is not there there is nothing else to say, and nothing to be pressed: when it is, the page begins anew. */
function FailedInWindow({ desktop, error }: { desktop: Desktop; error: unknown }) {
  const ready = useStore(desktop.server).name === 'ready'
  const waited = useRef(false)
  useEffect(() => {
    if (!ready) waited.current = true
    else if (waited.current) again()
  }, [ready])
  return ready ? <Failed error={error} /> : <NotOpen desktop={desktop} />
}
