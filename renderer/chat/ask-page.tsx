import { useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { useApp, useProject } from '../app-context.ts'
import { AssistantChoice } from '../assistants/assistant-choice.tsx'
import type { Desktop } from '../desktop.ts'
import { AddFiles } from '../library/add-files.tsx'
import { Button } from '../parts/button.tsx'
import { Problem } from '../parts/problem.tsx'
import { read } from '../queries.ts'
import { useStore } from '../store.ts'
import { useWords } from '../words.tsx'
import { useChooseForChat } from './chat-choice.ts'
import { isRunning } from './live-answers.ts'
import { ModelChoice, useAnswering, WhereItGoes } from './model-choice.tsx'
import { QuestionBox } from './question-box.tsx'
import { AssistantContext, useSearched } from './searched.ts'
import { LiveTurn } from './turn.tsx'

/**
 * The first thing one sees: a question, or, before there is anything to ask about, a place for documents. `question`: of a link; it stands in the
 * field, and is sent by whoever reads it.
 */
export function AskPage({ question: linked }: { question: string | null }) {
  const words = useWords()
  const { client, answers, router, options, drafts, desktop } = useApp()
  const project = useProject()
  const draft = `ask ${project.id}`
  const counts = useQuery(read.counts(client, project.id))
  const [assistantId, setAssistant] = useState<string | null>(null)
  const [model, setModel] = useState<string | null>(null)
  const live = useStore(answers.list).find(one => one.chatId === null && one.projectId === project.id)
  const chooseForChat = useChooseForChat()
  const empty = counts.data?.total === 0
  const [suggested, suggest] = useState(() => {
    // In place of what was being written, as whoever follows a link wants it.
    if (linked !== null) drafts.delete(draft)
    return linked ?? ''
  })

  const ask = (question: string) =>
    answers.ask({
      projectId: project.id,
      question,
      chatId: null,
      assistantId,
      model,
      from: 0,
      started(chatId) {
        // The chat stays with it.
        if (model !== null) chooseForChat(chatId, { model })
        router.go('chat', { id: chatId, replace: true })
      },
    })
  const running = live !== undefined && isRunning(live)
  // What failed here is forgotten with the page: a new question begins with an empty one.
  useEffect(
    () => () => {
      for (const one of answers.list.get()) if (one.chatId === null && !isRunning(one)) answers.dismiss(one.key)
    },
    [answers],
  )
  return (
    <div className="mx-auto flex min-h-full w-full max-w-3xl flex-col px-4 pb-[12vh] sm:px-8">
      <div className="grow basis-0" />
      <div className="pt-10">
        {live ? (
          <LiveTurn live={live} {...(!running && { again: () => ask(live.question) })} />
        ) : (
          <h1 className="mb-6 text-center font-serif text-2xl text-balance">
            {words(empty ? 'ask.empty' : 'ask.title')}
          </h1>
        )}
        {counts.isError && <Problem error={counts.error} retry={() => void counts.refetch()} />}
        {empty && desktop?.quick ? (
          <AddInLarge desktop={desktop} />
        ) : empty ? (
          <>
            <AddFiles
              lead={words(options.mode === 'server' ? 'ask.emptyLeadServer' : 'ask.emptyLead')}
              tried={suggest}
            />
            <HowItWorks />
          </>
        ) : (
          <>
            <QuestionBox
              running={running}
              ask={ask}
              stop={() => live && answers.stop(live.key)}
              draft={draft}
              suggested={suggested}
              focus
            >
              <AssistantChoice chosen={assistantId} choose={setAssistant} />
              <ModelChoice chosen={model} choose={setModel} />
            </QuestionBox>
            <WhereItGoes chosen={model} />
            <AssistantContext value={assistantId}>
              <Searched model={model} />
            </AssistantContext>
          </>
        )}
      </div>
      <div className="grow-[1.6] basis-0" />
    </div>
  )
}

/** The small window goes when another one is opened, as one to choose files does. */
function AddInLarge({ desktop }: { desktop: Desktop }) {
  const words = useWords()
  return (
    <div className="text-center">
      <p className="mb-5 text-pretty text-soft">{words('desktop.quickEmpty')}</p>
      <Button look="main" onClick={() => void desktop.bridge.openLibrary()}>
        {words('desktop.quickAdd')}
      </Button>
    </div>
  )
}

/** What happens here, before anything has. */
function HowItWorks() {
  const words = useWords()
  return (
    <ol className="mt-10 grid gap-6 text-sm text-soft sm:grid-cols-3">
      {(['add', 'ask', 'check'] as const).map((step, at) => (
        <li key={step}>
          <p className="font-serif text-base text-ink">
            {at + 1}. {words(`ask.steps.${step}`)}
          </p>
          <p className="mt-1 text-pretty">{words(`ask.steps.${step}Lead`)}</p>
        </li>
      ))}
    </ol>
  )
}

/** What a question is held against; it stands there from the beginning, so that nothing moves when the figures come. */
function Searched({ model }: { model: string | null }) {
  const words = useWords()
  const searched = useSearched()
  const { current, known } = useAnswering(model)
  return (
    <p className="mt-4 min-h-12 text-center text-sm text-pretty text-soft">
      {searched && words('ask.searches', { count: searched.ready })}{' '}
      {searched && searched.working > 0 && words('ask.working', { count: searched.working })}{' '}
      {known && !current && words('ask.withQuotes')}
    </p>
  )
}
