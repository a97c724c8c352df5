import { useInfiniteQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { ApiChat } from '../../shared/api/index.ts'
import { useApp, useProject } from '../app-context.ts'
import { Button } from '../parts/button.tsx'
import { Link } from '../parts/link.tsx'
import { Menu } from '../parts/menu.tsx'
import { NameDialog } from '../parts/name-dialog.tsx'
import { Problem, sentenceOf } from '../parts/problem.tsx'
import { read } from '../queries.ts'
import { useStore } from '../store.ts'
import { useWords } from '../words.tsx'
import { isRunning } from './live-answers.ts'

export function ChatList({ current, done }: { current: string | null; done(): void }) {
  const words = useWords()
  const { client, queries, answers } = useApp()
  const project = useProject()
  const [renaming, setRenaming] = useState<ApiChat | null>(null)
  const live = useStore(answers.list)
  const query = useInfiniteQuery(read.chats(client, project.id))
  const chats = query.data?.pages.flatMap(page => page.chats)
  return (
    <div className="mt-4 flex min-h-0 grow flex-col">
      <h2 className="px-5 pb-1 text-xs text-soft">{words('nav.chats')}</h2>
      <div className="min-h-0 grow overflow-y-auto px-3 pb-3">
        {query.isError && <Problem error={query.error} retry={() => void query.refetch()} />}
        {chats?.length === 0 && <p className="px-2 py-1 text-sm text-soft">{words('nav.noChats')}</p>}
        <ul className="space-y-0.5">
          {chats?.map(chat => (
            <Item
              key={chat.id}
              chat={chat}
              current={chat.id === current}
              busy={live.some(one => one.chatId === chat.id && isRunning(one))}
              rename={() => setRenaming(chat)}
              done={done}
            />
          ))}
        </ul>
        {query.hasNextPage && (
          <Button look="quiet" className="mt-1 px-2!" onClick={() => void query.fetchNextPage()}>
            {words('nav.moreChats')}
          </Button>
        )}
      </div>
      {renaming && (
        <NameDialog
          title={words('chat.renameTitle')}
          label={words('chat.title')}
          action={words('app.save')}
          name={renaming.title}
          save={async title => {
            await client.chats.update({ projectId: project.id, chatId: renaming.id, title })
            void queries.invalidateQueries({ queryKey: ['chats', project.id] })
            void queries.invalidateQueries({ queryKey: read.chat(client, project.id, renaming.id).queryKey })
          }}
          close={() => setRenaming(null)}
        />
      )}
    </div>
  )
}

function Item({
  chat,
  current,
  busy,
  rename,
  done,
}: {
  chat: ApiChat
  current: boolean
  busy: boolean
  rename(): void
  done(): void
}) {
  const words = useWords()
  const { client, queries, router, toasts } = useApp()
  const { projectId, id: chatId, title } = chat
  const refresh = () => void queries.invalidateQueries({ queryKey: ['chats', projectId] })

  const remove = async () => {
    toasts.drop(chatId)
    try {
      await client.chats.delete({ projectId, chatId })
      refresh()
      if (router.get().id === chatId) router.go('ask')
      toasts.show(words('chat.deleted', { title }), { label: words('app.undo'), run: () => void restore() }, chatId)
    } catch (error) {
      toasts.show(sentenceOf(error, words))
    }
  }
  const restore = async () => {
    try {
      await client.chats.undo({ projectId, chatId })
      refresh()
      toasts.show(words('chat.restored', { title }), null, chatId)
    } catch (error) {
      toasts.show(sentenceOf(error, words))
    }
  }
  return (
    <li className={`group relative flex items-center rounded-lg ${current ? 'bg-accent-soft' : 'hover:bg-sunken'}`}>
      <Link
        view="chat"
        id={chatId}
        followed={done}
        aria-current={current ? 'page' : undefined}
        title={title}
        className={`min-w-0 grow truncate rounded-lg px-2 py-2 text-sm group-focus-within:pr-9 group-hover:pr-9 pointer-coarse:pr-9 ${busy ? 'breathing' : ''} ${current ? 'text-ink' : 'text-soft hover:text-ink'}`}
      >
        {title}
      </Link>
      <Menu
        label={words('chat.actions', { title })}
        items={[
          { label: words('chat.rename'), run: rename },
          { label: words('chat.delete'), run: () => void remove(), danger: true },
        ]}
        className="absolute! right-0.5 size-8 opacity-0 group-focus-within:opacity-100 group-hover:opacity-100 data-[state=open]:opacity-100 pointer-coarse:opacity-100"
      />
    </li>
  )
}
