import { useQuery } from '@tanstack/react-query'
import { Menu as MenuIcon } from 'lucide-react'
import { Dialog } from 'radix-ui'
import { lazy, Suspense, useEffect, useState } from 'react'
import { ProjectContext, useApp } from '../app-context.ts'
import { AskPage } from '../chat/ask-page.tsx'
import { ChatPage } from '../chat/chat-page.tsx'
import { DropZone } from '../library/drop-zone.tsx'
import { HandedFiles } from '../library/handed-files.tsx'
import { LibraryPage } from '../library/library-page.tsx'
import { UploadsPanel } from '../library/uploads-panel.tsx'
import { InvitationsNotice } from '../members/invitations-notice.tsx'
import { Boundary } from '../parts/boundary.tsx'
import { IconButton } from '../parts/button.tsx'
import { Loading, Problem } from '../parts/problem.tsx'
import { read } from '../queries.ts'
import { type Route, useRoute } from '../route.ts'
import { useWords } from '../words.tsx'
import { Notices } from './notices.tsx'
import { QuickFrame } from './quick-frame.tsx'
import { Shortcuts } from './shortcuts.tsx'
import { Sidebar } from './sidebar.tsx'
import { ToastList } from './toast-list.tsx'

// Seen seldom or later: they come when they are needed.
const TrashPage = lazy(async () => ({ default: (await import('../library/trash-page.tsx')).TrashPage }))
const FoldersPage = lazy(async () => ({ default: (await import('../library/folders-page.tsx')).FoldersPage }))
const SearchPage = lazy(async () => ({ default: (await import('../search/search-page.tsx')).SearchPage }))
const ModelsPage = lazy(async () => ({ default: (await import('../models/models-page.tsx')).ModelsPage }))
const LedgerPage = lazy(async () => ({ default: (await import('../ledger/ledger-page.tsx')).LedgerPage }))
const AccountPage = lazy(async () => ({ default: (await import('../account/account-page.tsx')).AccountPage }))
const AdministrationPage = lazy(async () => ({
  default: (await import('../administration/administration-page.tsx')).AdministrationPage,
}))
const SettingsPage = lazy(async () => ({ default: (await import('../settings/settings-page.tsx')).SettingsPage }))
const ReadingPane = lazy(async () => ({ default: (await import('../reading/reading-pane.tsx')).ReadingPane }))

/** Everything behind the door: navigation, the view, and beside it what is being read. */
export function Inside({ lastProject }: { lastProject: string | null }) {
  const words = useWords()
  const { client, router } = useApp()
  const [chosen, choose] = useState(lastProject)
  const projects = useQuery(read.projects(client))
  const project = projects.data?.find(({ id }) => id === chosen) ?? projects.data?.[0]

  if (projects.isError)
    return (
      <main className="mx-auto max-w-xl p-6">
        <Problem error={projects.error} retry={() => void projects.refetch()} />
      </main>
    )
  if (!project) return <p className="starting">{words('app.name')}</p>
  const select = (id: string) => {
    choose(id)
    router.go('ask')
    void client.settings.update({ projectId: id }).catch(() => {})
  }
  return (
    <ProjectContext value={project}>
      <Frame key={project.id} select={select} />
    </ProjectContext>
  )
}

function Frame({ select }: { select(projectId: string): void }) {
  const words = useWords()
  const { router, desktop } = useApp()
  const route = useRoute(router)
  const [navigating, setNavigating] = useState(false)
  const [help, setHelp] = useState(false)
  const { reading } = route
  useTitle(route)

  const view = (
    <Boundary key={`${route.view} ${route.id}`} page>
      <Suspense fallback={<Pause />}>
        <View route={route} />
      </Suspense>
    </Boundary>
  )
  if (desktop?.quick)
    return (
      <QuickFrame desktop={desktop} route={route}>
        {view}
      </QuickFrame>
    )
  const sidebar = (done: () => void) => <Sidebar route={route} select={select} help={() => setHelp(true)} done={done} />
  return (
    <DropZone>
      {desktop && <HandedFiles desktop={desktop} />}
      <button
        type="button"
        onClick={() => document.getElementById('main')?.focus()}
        className="sr-only focus:not-sr-only focus:fixed focus:top-3 focus:left-3 focus:z-50 focus:rounded-lg focus:bg-accent focus:px-4 focus:py-2 focus:text-on-accent"
      >
        {words('app.skip')}
      </button>
      <div className="relative flex h-dvh overflow-hidden">
        <nav
          aria-label={words('app.navigation')}
          className={`w-64 shrink-0 border-r border-line bg-sunken/60 max-lg:hidden 2xl:w-80 ${reading ? 'max-2xl:hidden' : ''}`}
        >
          {sidebar(() => {})}
        </nav>
        <div className={`flex min-h-0 min-w-0 grow basis-0 flex-col ${reading ? 'max-lg:hidden' : ''}`}>
          <header
            className={`flex shrink-0 items-center gap-2 border-b border-line px-2 py-1 ${reading ? '2xl:hidden' : 'lg:hidden'}`}
          >
            <IconButton label={words('app.openNavigation')} onClick={() => setNavigating(true)}>
              <MenuIcon aria-hidden />
            </IconButton>
            <span className="font-serif text-base">{words('app.name')}</span>
          </header>
          <Notices />
          <InvitationsNotice />
          <main
            id="main"
            tabIndex={-1}
            aria-label={words('app.main')}
            className="relative min-h-0 grow overflow-y-auto outline-none"
          >
            {view}
          </main>
        </div>
        {reading && (
          <Boundary key={reading.documentId}>
            <Suspense fallback={<div className="grow basis-0 border-l border-line" />}>
              <ReadingPane reading={reading} />
            </Suspense>
          </Boundary>
        )}
      </div>
      <Dialog.Root open={navigating} onOpenChange={setNavigating}>
        <Dialog.Portal>
          <Dialog.Overlay className="fixed inset-0 z-40 bg-shade" />
          <Dialog.Content
            aria-describedby={undefined}
            className="fixed inset-y-0 left-0 z-50 w-[min(20rem,85vw)] border-r border-line bg-paper shadow-lift"
          >
            <Dialog.Title className="sr-only">{words('app.navigation')}</Dialog.Title>
            {sidebar(() => setNavigating(false))}
          </Dialog.Content>
        </Dialog.Portal>
      </Dialog.Root>
      <Shortcuts open={help} setOpen={setHelp} />
      <div
        className={`pointer-events-none fixed inset-x-0 z-30 flex flex-col items-end gap-3 p-4 ${
          // Not over the question box.
          route.view === 'ask' || route.view === 'chat' ? 'top-10 lg:top-0' : 'bottom-0'
        }`}
      >
        {route.view !== 'library' && <UploadsPanel floating />}
        <ToastList />
      </div>
    </DropZone>
  )
}

function View({ route }: { route: Route }) {
  switch (route.view) {
    case 'chat':
      return <ChatPage key={route.id} chatId={route.id ?? ''} />
    case 'library':
      return <LibraryPage />
    case 'trash':
      return <TrashPage />
    case 'folders':
      return <FoldersPage />
    case 'search':
      return <SearchPage query={route.query.get('q') ?? ''} />
    case 'models':
      return <ModelsPage />
    case 'ledger':
      return <LedgerPage />
    case 'account':
      return <AccountPage />
    case 'administration':
      return <AdministrationPage />
    case 'settings':
      return <SettingsPage />
    default:
      return <AskPage key={route.query.get('q') ?? ''} question={route.query.get('q')} />
  }
}

function Pause() {
  return (
    <div className="mx-auto max-w-4xl px-8 pt-10">
      <Loading />
    </div>
  )
}

function titleOf(view: Route['view'], words: ReturnType<typeof useWords>): string {
  if (view === 'ask' || view === 'chat') return ''
  if (view === 'trash') return words('library.trash')
  return view === 'folders' ? words('folders.title') : words(`nav.${view}`)
}

/** The window's name says where one is; a change of view puts the keyboard at its beginning. */
function useTitle({ view, id }: Route): void {
  const words = useWords()
  const title = titleOf(view, words)
  useEffect(() => {
    document.title = title ? `${title} · Cloister` : 'Cloister'
  }, [title])
  // biome-ignore lint/correctness/useExhaustiveDependencies: runs when the view changes, and only then
  useEffect(() => {
    const main = document.getElementById('main')
    if (main) main.scrollTop = 0
  }, [view, id])
}
