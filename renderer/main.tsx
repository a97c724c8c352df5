import routes from 'virtual:routes'
import { QueryClient } from '@tanstack/react-query'
import { createRoot } from 'react-dom/client'
import { ApiError } from '../shared/api/api-error.ts'
import { createClient } from '../shared/api/client.ts'
import type { Session } from '../shared/api/index.ts'
import type { App, Status } from './app-context.ts'
import { createLiveAnswers } from './chat/live-answers.ts'
import { followEvents } from './events.ts'
import { createUploads } from './library/uploads.ts'
import { createPreferences } from './preferences.ts'
import { createRouter } from './route.ts'
import { Screen, type Stage } from './screen.tsx'
import { createToasts } from './shell/toasts.ts'
import { createStore } from './store.ts'

// The library behind Radix's dialogs adds one style element (the page behind must not scroll) and takes its nonce from here.
const nonce = document.querySelector<HTMLElement>('meta[property="csp-nonce"]')?.nonce
if (nonce) Object.assign(globalThis, { __webpack_nonce__: nonce })

const token = takeToken()
const client = createClient({ routes, url: location.origin, language: () => preferences.words.get().language })
const preferences = await createPreferences({
  client: () => client,
  storage: localStorage,
  root: document.documentElement,
  browser: navigator.languages,
})
const stage = createStore<Stage>({ name: 'starting' })
createRoot(document.getElementById('root')!).render(<Screen stage={stage} preferences={preferences} />)
await enter()

/** The key of the printed address; it leaves the address bar, and the history, before anything else happens. */
function takeToken(): string | null {
  const found = new URLSearchParams(location.hash.slice(1)).get('token')
  if (found !== null) history.replaceState(null, '', `${location.pathname}#/`)
  return found
}

async function enter(): Promise<void> {
  try {
    const session = token === null ? await client.session.get() : await client.session.open({ token })
    const app = compose(session)
    const settings = await client.settings.get()
    await preferences.adopt(settings)
    stage.set({ name: 'inside', app, projectId: settings.projectId })
    const { queries, status, answers } = app
    followEvents({
      client,
      queries,
      status,
      page: document,
      settings: () => void client.settings.get().then(preferences.adopt, () => {}),
      connected: answers.reconnected,
      refused: () => stage.set({ name: 'outside', wrong: false }),
    })
  } catch (error) {
    if (error instanceof ApiError && error.code === 'unauthorized')
      stage.set({ name: 'outside', wrong: token !== null })
    else stage.set({ name: 'failed', error })
  }
}

function compose(session: Session): App {
  const queries = new QueryClient({
    defaultOptions: {
      queries: {
        // The stream of events tells what changed.
        staleTime: Number.POSITIVE_INFINITY,
        refetchOnWindowFocus: false,
        networkMode: 'always',
        retry: (failures, error) => failures < 2 && (error as { code?: string }).code === 'server-unreachable',
      },
      mutations: { networkMode: 'always' },
    },
  })
  const status = createStore<Status>({ connected: true, trouble: null })
  return {
    client,
    queries,
    status,
    session,
    preferences,
    router: createRouter(window),
    toasts: createToasts(),
    passwords: new Map(),
    answers: createLiveAnswers({ client, queries, frame: run => void requestAnimationFrame(run) }),
    uploads: createUploads({
      session: () => session,
      language: () => preferences.words.get().language,
      arrived: projectId => void queries.invalidateQueries({ queryKey: ['documents', projectId] }),
    }),
  }
}
