import { useQuery } from '@tanstack/react-query'
import { ArrowDown } from 'lucide-react'
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react'
import type { ApiMessage } from '../../shared/api/index.ts'
import { toAppError } from '../../shared/errors.ts'
import { useApp, useProject } from '../app-context.ts'
import { AssistantChoice } from '../assistants/assistant-choice.tsx'
import { IconButton } from '../parts/button.tsx'
import { Link } from '../parts/link.tsx'
import { Loading, Problem } from '../parts/problem.tsx'
import { sameAgain } from '../parts/same-again.ts'
import { read } from '../queries.ts'
import { useStore } from '../store.ts'
import { useWords } from '../words.tsx'
import { useChatChoice } from './chat-choice.ts'
import { isRunning } from './live-answers.ts'
import { ModelChoice, WhereItGoes } from './model-choice.tsx'
import { QuestionBox } from './question-box.tsx'
import { AssistantContext } from './searched.ts'
import { LiveTurn, NotAnsweredAgain, StoredTurn } from './turn.tsx'
import { isAsked, messagesBefore, placeOf, turnsOf } from './turns.ts'

export function ChatPage({ chatId }: { chatId: string }) {
  const words = useWords()
  const { client, answers } = useApp()
  const project = useProject()
  const chat = useQuery(read.chat(client, project.id, chatId))
  const { assistantId, model, choose, sent } = useChatChoice(chatId, chat.data?.chat)
  const found = useStore(answers.list).find(one => one.chatId === chatId)
  // The answer that was there before stays, with a word below it.
  const failedAgain = found?.again && found.state === 'failed' ? found : undefined
  const live = failedAgain ? undefined : found
  const end = useRef<HTMLDivElement>(null)
  const newest = useRef<HTMLDivElement>(null)
  const away = useAway(end)
  const running = live !== undefined && isRunning(live)
  const messages = chat.data?.messages ?? noMessages
  const before = live ? messagesBefore(messages, live) : messages.length
  const turns = useMemo(() => turnsOf(messages.slice(0, before)), [messages, before])

  useKeptFocus(newest, live !== undefined)

  const last = turns.at(-1)
  const count = turns.length + (live ? 1 : 0)
  // A new question comes to the top of the page, and the answer grows below it.
  useLayoutEffect(() => {
    if (count > 0) newest.current?.scrollIntoView({ block: 'start' })
  }, [count])

  // Asked for in another window, or before this page was loaded again.
  const answering = chat.data?.answering[0]
  useEffect(() => {
    if (!answering || (found && (isRunning(found) || found.answerId === answering.answerId))) return
    answers.follow({ projectId: project.id, chatId, answering, from: placeOf(messages, answering) })
  }, [answering, found, answers, project.id, chatId, messages])

  const ask = (question: string) => {
    const from = messages.length
    answers.ask({ projectId: project.id, question, chatId, assistantId: null, from, before: sent, started: () => {} })
  }
  const retry = () => {
    if (!live) return
    if (isAsked(messages, live)) again()
    else ask(live.question)
  }
  const again = useCallback(() => {
    const from = messages.findLastIndex(({ role }) => role === 'user')
    const question = messages[from]
    if (!question) return
    const { id: messageId, text } = question
    answers.regenerate({ projectId: project.id, chatId, messageId, question: text, from, before: sent })
    newest.current?.scrollIntoView({ block: 'start' })
  }, [messages, answers, project.id, chatId, sent])

  if (chat.isError && !live)
    return (
      <div className="mx-auto max-w-3xl px-4 pt-10 sm:px-8">
        {toAppError(chat.error).code === 'chat-not-found' ? (
          <>
            <h1>{words('chat.none')}</h1>
            <p className="mt-3">
              <Link view="ask" className="text-accent underline underline-offset-4">
                {words('nav.ask')}
              </Link>
            </p>
          </>
        ) : (
          <>
            <h1 className="sr-only">{words('nav.chats')}</h1>
            <Problem error={chat.error} retry={() => void chat.refetch()} />
          </>
        )}
      </div>
    )
  return (
    <div className="mx-auto flex min-h-full w-full max-w-3xl flex-col px-4 sm:px-8">
      <h1 className="sr-only">{chat.data?.chat.title ?? words('nav.chats')}</h1>
      <div className="grow pt-6 md:pt-10 print:pt-0">
        {!chat.data && !live && <Loading />}
        <AssistantContext value={assistantId}>
          {turns.slice(0, live ? turns.length : -1).map(turn => (
            <StoredTurn key={turn.question.id} turn={turn} />
          ))}
          <div
            ref={newest}
            className="scroll-mt-6 md:scroll-mt-10 print:min-h-0!"
            style={{ minHeight: count > 1 ? 'calc(100dvh - 15rem)' : 0 }}
          >
            {live ? (
              <LiveTurn live={live} {...(!running && { again: retry })} />
            ) : (
              last && <StoredTurn turn={last} last {...(!failedAgain && { again })} />
            )}
            {failedAgain && <NotAnsweredAgain problem={failedAgain.problem} again={again} />}
          </div>
        </AssistantContext>
        <div ref={end} />
      </div>
      <div className="sticky bottom-0 bg-linear-to-t from-paper from-80% to-transparent pt-6 pb-4 print:hidden">
        {away && (
          <IconButton
            label={words('chat.newest')}
            onClick={() => end.current?.scrollIntoView({ block: 'end' })}
            // On a narrow screen it has a line of its own: above the line it would lie on what is to be read.
            className="mb-2 rounded-full! border border-line bg-surface shadow-lift max-sm:mx-auto max-sm:flex sm:absolute sm:-top-6 sm:left-1/2 sm:-translate-x-1/2"
          >
            <ArrowDown aria-hidden />
          </IconButton>
        )}
        <QuestionBox
          running={running}
          ask={ask}
          stop={() => live && answers.stop(live.key)}
          draft={`chat ${chatId}`}
          focus={turns.length === 0}
        >
          <AssistantChoice chosen={assistantId} choose={assistantId => choose({ assistantId })} />
          <ModelChoice chosen={model} choose={model => choose({ model })} />
        </QuestionBox>
        <WhereItGoes chosen={model} />
      </div>
    </div>
  )
}

const noMessages: ApiMessage[] = []

/** The buttons of an answer are others when it is kept: whoever stood on one stands on its like. */
function useKeptFocus(box: React.RefObject<HTMLElement | null>, isLive: boolean): void {
  const focused = useRef<HTMLElement>(null)
  useEffect(() => {
    const note = ({ target }: FocusEvent) => {
      focused.current = target instanceof HTMLElement && box.current?.contains(target) ? target : null
    }
    document.addEventListener('focusin', note)
    return () => document.removeEventListener('focusin', note)
  }, [box])
  // biome-ignore lint/correctness/useExhaustiveDependencies: when the one takes the place of the other
  useLayoutEffect(() => {
    if (box.current && focused.current && document.activeElement === document.body)
      sameAgain(focused.current, box.current)?.focus({ preventScroll: true })
  }, [isLive])
}

/** Whether the end is out of sight. Nothing scrolls by itself while an answer grows: the reader reads from its beginning. */
function useAway(end: React.RefObject<HTMLDivElement | null>): boolean {
  const [away, setAway] = useState(false)
  useLayoutEffect(() => {
    const main = document.getElementById('main')
    const mark = end.current
    if (!main || !mark) return
    const seen = new IntersectionObserver(([entry]) => setAway(!entry?.isIntersecting), {
      root: main,
      rootMargin: '0px 0px 120px 0px',
    })
    seen.observe(mark)
    return () => seen.disconnect()
  }, [end])
  return away
}
