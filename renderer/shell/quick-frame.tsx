import { Maximize2, X } from 'lucide-react'
import { type ReactNode, useEffect } from 'react'
import { useApp, useProject } from '../app-context.ts'
import type { Desktop } from '../desktop.ts'
import { IconButton } from '../parts/button.tsx'
import type { Route } from '../route.ts'
import { useWords } from '../words.tsx'
import { Notices } from './notices.tsx'

/** The small window over everything: a question and its answer. What it cites is read in the large one. */
export function QuickFrame({ desktop, route, children }: { desktop: Desktop; route: Route; children: ReactNode }) {
  const words = useWords()
  const { id: projectId } = useProject()
  const { router } = useApp()
  const { bridge } = desktop
  useEffect(() => {
    const hear = (event: KeyboardEvent) => {
      if (event.key === 'Escape' && !event.defaultPrevented) void bridge.hideQuick()
    }
    window.addEventListener('keydown', hear)
    return () => window.removeEventListener('keydown', hear)
  }, [bridge])
  const chatId = route.view === 'chat' ? route.id : null
  const { reading } = route
  useEffect(() => {
    if (!reading) return
    router.close()
    if (chatId !== null) void bridge.openChat({ projectId, chatId })
  }, [reading, chatId, projectId, router, bridge])
  return (
    <div className="flex h-dvh flex-col overflow-hidden">
      <header className="flex shrink-0 items-center justify-end gap-1 border-b border-line px-2 py-1">
        <span className="grow px-2 font-serif text-base">{words('app.name')}</span>
        {chatId !== null && (
          <IconButton label={words('desktop.openLarge')} onClick={() => void bridge.openChat({ projectId, chatId })}>
            <Maximize2 aria-hidden />
          </IconButton>
        )}
        <IconButton label={words('desktop.hide')} onClick={() => void bridge.hideQuick()}>
          <X aria-hidden />
        </IconButton>
      </header>
      <Notices />
      <main
        id="main"
        tabIndex={-1}
        aria-label={words('app.main')}
        className="relative min-h-0 grow overflow-y-auto outline-none"
      >
        {children}
      </main>
    </div>
  )
}
