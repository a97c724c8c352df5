import { BookOpen, ChevronsUpDown, CircleHelp, MessageSquarePlus, Search } from 'lucide-react'
import type { ComponentType, ReactNode } from 'react'
import { useApp, useProject } from '../app-context.ts'
import { ChatList } from '../chat/chat-list.tsx'
import { IconButton } from '../parts/button.tsx'
import { Link } from '../parts/link.tsx'
import type { Route, View } from '../route.ts'
import { useWords } from '../words.tsx'
import { AccountMenu } from './account-menu.tsx'
import { ProjectMenu } from './project-menu.tsx'

export function Sidebar({
  route,
  select,
  help,
  done,
}: {
  route: Route
  select(projectId: string): void
  help(): void
  /** A choice was made: a drawer closes. */
  done(): void
}) {
  const words = useWords()
  const project = useProject()
  const { options } = useApp()
  return (
    <div className="flex h-full flex-col">
      <div className="flex items-center gap-2.5 px-5 pt-5 pb-3">
        <img src="/icon.svg" alt="" className="size-7" />
        <span className="font-serif text-lg">{words('app.name')}</span>
      </div>
      <div className="px-3">
        <ProjectMenu select={select}>
          <button
            type="button"
            aria-label={words('nav.project', { name: words.projectName(project.name) })}
            className="flex min-h-10 w-full items-center justify-between gap-2 rounded-lg px-2 text-left text-sm text-soft hover:bg-sunken hover:text-ink"
          >
            <span className="truncate">{words.projectName(project.name)}</span>
            <ChevronsUpDown aria-hidden className="size-4 shrink-0" />
          </button>
        </ProjectMenu>
      </div>
      <ul className="mt-1 space-y-0.5 px-3">
        <Item view="ask" route={route} icon={MessageSquarePlus} done={done}>
          {words('nav.ask')}
        </Item>
        <Item view="library" also="trash" route={route} icon={BookOpen} done={done}>
          {words('nav.library')}
        </Item>
        <Item view="search" route={route} icon={Search} done={done}>
          {words('nav.search')}
        </Item>
      </ul>
      <ChatList current={route.view === 'chat' ? route.id : null} done={done} />
      {options.mode === 'server' && <AccountMenu current={route.view} done={done} />}
      <div className="flex items-center justify-between border-t border-line py-2 pr-2 pl-3">
        <ul className="flex flex-wrap">
          <Item view="models" route={route} done={done}>
            {words('nav.models')}
          </Item>
          <Item view="settings" route={route} done={done}>
            {words('nav.settings')}
          </Item>
        </ul>
        <IconButton
          label={words('nav.shortcuts')}
          onClick={() => {
            done()
            help()
          }}
        >
          <CircleHelp aria-hidden />
        </IconButton>
      </div>
    </div>
  )
}

function Item({
  view,
  also,
  route,
  icon: Icon,
  done,
  children,
}: {
  view: View
  also?: View
  route: Route
  icon?: ComponentType<{ className?: string; 'aria-hidden'?: boolean }>
  done(): void
  children: ReactNode
}) {
  const current = route.view === view || route.view === also
  return (
    <li>
      <Link
        view={view}
        followed={done}
        aria-current={current ? 'page' : undefined}
        className={`flex min-h-10 items-center gap-2.5 rounded-lg px-2 text-sm hover:bg-sunken ${
          current ? 'bg-accent-soft font-medium text-ink' : 'text-soft hover:text-ink'
        }`}
      >
        {Icon && <Icon aria-hidden className="size-5" />}
        {children}
      </Link>
    </li>
  )
}
