import routes from 'virtual:routes'
import { QueryClient } from '@tanstack/react-query'
import { createRoot } from 'react-dom/client'
import type { Account, SignInOptions } from '../shared/api/account.ts'
import { isProblem } from '../shared/api/api-error.ts'
import { createClient } from '../shared/api/client.ts'
import type { Session } from '../shared/api/index.ts'
import { takeArrival, takeGitHubRefusal } from './account/arrival.ts'
import { gitHubRefusal } from './account/flow.ts'
import type { App, Status } from './app-context.ts'
import { createLiveAnswers } from './chat/live-answers.ts'
import { connectDesktop, tellUploads, untilOpen } from './desktop.ts'
import { followEvents } from './events.ts'
import { createUploads, isOpen } from './library/uploads.ts'
import { createChoices } from './parts/choice.ts'
import { createPreferences } from './preferences.ts'
import { createRouter, parseRoute } from './route.ts'
import { Screen, type Stage } from './screen.tsx'
import { createToasts } from './shell/toasts.ts'
import { createStore } from './store.ts'
import { createVisit } from './visit.ts'

// The library behind Radix's dialogs adds one style element (the page behind must not scroll) and takes its nonce from here.
const nonce = document.querySelector<HTMLElement>('meta[property="csp-nonce"]')?.nonce
if (nonce) Object.assign(globalThis, { __webpack_nonce__: nonce })

const arrival = takeArrival(window)
const refusal = takeGitHubRefusal(window)
const client = createClient({
  routes,
  url: location.origin,
  language: () => preferences.words.get().language,
  fetch: heard,
})
const preferences = await createPreferences({
  client: () => client,
  storage: localStorage,
  root: document.documentElement,
  browser: navigator.languages,
  desktop: window.cloister !== undefined,
})
const router = createRouter(window)
const desktop = await connectDesktop(window.cloister, {
  document,
  go(hash) {
    const { view, id, query } = parseRoute(hash, null)
    router.go(view, { ...(id !== null && { id }), query: Object.fromEntries(query) })
  },
})
const stage = createStore<Stage>({ name: 'starting' })
const visit = createVisit({
  client,
  preferences,
  stage,
  compose,
  follow: ({ queries, status, answers }, refused) =>
    followEvents({
      client,
      queries,
      status,
      page: document,
      settings: () => void preferences.read(),
      connected: answers.reconnected,
      refused,
    }),
})
createRoot(document.getElementById('root')!).render(
  <Screen stage={stage} preferences={preferences} client={client} desktop={desktop} />,
)
// A link that is followed in a window that is open already.
window.addEventListener('hashchange', () => {
  const another = takeArrival(window)
  if (another) void visit.begin(another, null)
})
await visit.begin(arrival, refusal)
const now = stage.get()
if (refusal !== null && now.name === 'inside') now.app.toasts.show(preferences.words.get()(gitHubRefusal(refusal)))

/** Any answer may be the first to say that the session has ended. */
async function heard(request: Request, init?: RequestInit): Promise<Response> {
  if (desktop && request.method === 'GET') await untilOpen(desktop, request.signal)
  const response = await fetch(request, init)
  if (response.status === 401)
    void response
      .clone()
      .json()
      .then((body: unknown) => isProblem(body) && body.code === 'unauthorized' && visit.refused())
      .catch(() => {})
  return response
}

function compose({ session, account, options }: { session: Session; account: Account; options: SignInOptions }): App {
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
  const uploads = createUploads({
    session: () => session,
    language: () => preferences.words.get().language,
    desktop,
    arrived: projectId => void queries.invalidateQueries({ queryKey: ['documents', projectId] }),
    refused: () => visit.refused(),
  })
  if (desktop) tellUploads(desktop.bridge, () => uploads.list.get().filter(isOpen).length, uploads.list.subscribe)
  // Of models that are taken over beside the server no event tells.
  desktop?.taking.subscribe(() => {
    if (desktop.taking.get() !== null) return
    for (const name of ['models', 'catalog', 'providers', 'index']) void queries.invalidateQueries({ queryKey: [name] })
  })
  return {
    client,
    queries,
    status,
    session,
    options,
    account: createStore(account),
    preferences,
    desktop,
    router,
    toasts: createToasts(),
    choices: createChoices(),
    passwords: new Map(),
    drafts: new Map(),
    erased: visit.erased,
    answers: createLiveAnswers({ client, queries, frame: run => void requestAnimationFrame(run) }),
    uploads,
  }
}
