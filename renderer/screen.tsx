import { QueryClientProvider } from '@tanstack/react-query'
import { type App, AppContext } from './app-context.ts'
import { Problem } from './parts/problem.tsx'
import type { Preferences } from './preferences.ts'
import { Inside } from './shell/inside.tsx'
import { SignIn } from './shell/sign-in.tsx'
import { type Store, useStore } from './store.ts'
import { WordsContext } from './words.tsx'

/** How far this visit has come. */
export type Stage =
  | { name: 'starting' }
  | { name: 'outside'; wrong: boolean }
  | { name: 'failed'; error: unknown }
  | { name: 'inside'; app: App; projectId: string | null }

export function Screen({ stage, preferences }: { stage: Store<Stage>; preferences: Preferences }) {
  const now = useStore(stage)
  const words = useStore(preferences.words)
  return (
    <WordsContext value={words}>
      {now.name === 'starting' && <p className="starting">Cloister</p>}
      {now.name === 'outside' && <SignIn wrong={now.wrong} />}
      {now.name === 'failed' && (
        <main className="mx-auto max-w-xl px-6 pt-[18vh]">
          <h1 className="font-serif text-2xl">Cloister</h1>
          <Problem error={now.error} retry={() => location.reload()} />
        </main>
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
