import { memo, useState } from 'react'
import type { Passage } from '../../shared/model/index.ts'
import { useApp } from '../app-context.ts'
import { Button } from '../parts/button.tsx'
import { useStore } from '../store.ts'
import { useWords } from '../words.tsx'
import { AnswerActions } from './answer-actions.tsx'
import { type AnswerContent, AnswerView, contentOf } from './answer-view.tsx'
import { isRunning, type LiveAnswer } from './live-answers.ts'
import { Passages } from './passages.tsx'
import type { Turn } from './turns.ts'

/** A question and its answer as the chat keeps them. */
export const StoredTurn = memo(function StoredTurn({
  turn,
  again,
}: {
  turn: Turn
  /** Of the last turn. */
  again?: () => void
}) {
  const words = useWords()
  const { answers } = useApp()
  const [all, showAll] = useState(false)
  const found = useStore(answers.passages)
  const { question } = turn
  const latest = turn.answers.at(-1)
  const earlier = turn.answers.slice(0, -1)
  return (
    // Turns far above cost nothing until they are scrolled to; the wider box leaves room for what hangs out of the column.
    <article
      className={`-mx-4 mb-12 px-4 ${again ? '' : '[contain-intrinsic-size:auto_28rem] [content-visibility:auto]'}`}
    >
      <Question text={question.text} completed={question.completed} />
      {earlier.length > 0 && (
        <Button look="quiet" className="mt-2 -ml-3 text-xs" aria-expanded={all} onClick={() => showAll(!all)}>
          {all ? words('chat.hideEarlier') : words('chat.earlier', { count: earlier.length })}
        </Button>
      )}
      {all &&
        earlier.map(message => (
          <div key={message.id} className="mb-6 border-b border-line pb-6 opacity-80">
            <AnswerView content={contentOf(message)} passages={found.get(message.id) ?? null} />
          </div>
        ))}
      {latest && (
        <Shown
          content={contentOf(latest)}
          passages={found.get(latest.id) ?? null}
          question={question.text}
          again={again}
        />
      )}
      {!latest && again && <Unanswered again={again} />}
    </article>
  )
})

function Shown({
  content,
  passages,
  question,
  again,
}: {
  content: AnswerContent
  passages: Passage[] | null
  question: string
  again: (() => void) | undefined
}) {
  return (
    <>
      {passages && <Passages passages={passages} />}
      <AnswerView content={content} passages={passages} />
      <AnswerActions content={content} question={question} {...(again && { again })} />
    </>
  )
}

function Unanswered({ again }: { again(): void }) {
  const words = useWords()
  return (
    <div className="mt-4 text-sm text-soft">
      <p>{words('chat.unanswered')}</p>
      <Button className="mt-3" onClick={again}>
        {words('chat.again')}
      </Button>
    </div>
  )
}

/** The turn that is being answered. What is announced to screen readers are the steps, not every word. */
export function LiveTurn({ live, again }: { live: LiveAnswer; again?: () => void }) {
  const words = useWords()
  const { passages, answer, problem } = live
  const content: AnswerContent = answer ?? {
    mode: live.sentences.length > 0 || live.draft ? 'model' : 'quotes',
    sentences: live.sentences,
    citations: live.sentences.length > 0 ? live.citations : live.quotes,
    text: '',
    model: null,
    reason: null,
  }
  const running = isRunning(live)
  const written = live.sentences.length > 0 || live.quotes.length > 0 || answer !== null
  return (
    <article className="mb-12" aria-busy={running}>
      <Question text={live.question} completed={live.completed} />
      {passages && <Passages passages={passages} />}
      {(written || live.draft !== '') && (
        <AnswerView content={content} draft={live.draft} passages={passages} streaming={running} />
      )}
      <Progress live={live} />
      {live.state === 'interrupted' && (
        <p className="mt-4 text-sm text-soft">{words(written ? 'chat.interrupted' : 'chat.interruptedEmpty')}</p>
      )}
      {live.state === 'failed' && problem && (
        <div role="alert" className="mt-4 rounded-xl bg-danger-soft px-4 py-3 text-sm">
          <p className="font-medium">{words('chat.failed')}</p>
          <p className="mt-1">{problem.text || words.explain(problem.reason)}</p>
        </div>
      )}
      {!running && written && <AnswerActions content={content} question={live.question} {...(again && { again })} />}
      {!running && !written && again && (
        <Button className="mt-3" onClick={again}>
          {words('chat.again')}
        </Button>
      )}
    </article>
  )
}

/** Below what is there already: when it goes, nothing that is being read moves. */
function Progress({ live }: { live: LiveAnswer }) {
  const words = useWords()
  const text = {
    searching: () => words('chat.asking'),
    waiting: () => words('chat.waiting', { count: live.place }),
    reading: () => words('chat.reading'),
    writing: () => words('chat.writing'),
    finished: () => '',
    interrupted: () => '',
    failed: () => '',
  }[live.state]()
  return (
    <p role="status" className={text ? 'breathing mt-4 text-sm text-soft' : 'sr-only'}>
      {text}
    </p>
  )
}

function Question({ text, completed }: { text: string; completed: string | null }) {
  const words = useWords()
  return (
    <div className="read-measure">
      <h2 className="font-serif text-lg whitespace-pre-wrap">
        <span className="sr-only">{words('chat.you')}: </span>
        {text}
      </h2>
      {completed && <p className="mt-1.5 text-sm text-soft">{words('chat.searchedFor', { question: completed })}</p>}
    </div>
  )
}
