import { memo } from 'react'
import { Button } from '../parts/button.tsx'
import { useWords } from '../words.tsx'
import { AnswerActions } from './answer-actions.tsx'
import { type AnswerContent, AnswerView, contentOf } from './answer-view.tsx'
import { isRunning, type LiveAnswer } from './live-answers.ts'
import { KeptPassages, Passages } from './passages.tsx'
import type { Turn } from './turns.ts'

/** A question and its answer as the chat keeps them. */
export const StoredTurn = memo(function StoredTurn({
  turn: { question, answer },
  last = false,
  again,
}: {
  turn: Turn
  last?: boolean
  /** Of the last turn. */
  again?: () => void
}) {
  const content = answer && contentOf(answer)
  return (
    // Turns far above cost nothing until they are scrolled to; the wider box leaves room for what hangs out of the column.
    <article
      className={`-mx-4 mb-12 px-4 ${last ? '' : '[contain-intrinsic-size:auto_28rem] [content-visibility:auto]'}`}
    >
      <Question text={question.text} completed={question.completed} />
      {answer && content && (
        <>
          <KeptPassages message={answer} open={last} />
          <AnswerView content={content} found={answer.passages} />
          <AnswerActions content={content} question={question.text} {...(again && { again })} />
        </>
      )}
      {!answer && again && <Unanswered again={again} />}
    </article>
  )
})

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
        <AnswerView content={content} draft={live.draft} found={passages?.length ?? 0} streaming={running} />
      )}
      <Progress live={live} />
      {live.state === 'interrupted' && (
        <p className="mt-4 text-sm text-soft">{words(written ? 'chat.interrupted' : 'chat.interruptedEmpty')}</p>
      )}
      {live.state === 'failed' && problem && <Failed problem={problem} title={words('chat.failed')} />}
      {!running && written && <AnswerActions content={content} question={live.question} {...(again && { again })} />}
      {!running && !written && again && (
        <Button className="mt-3" onClick={again}>
          {words('chat.again')}
        </Button>
      )}
    </article>
  )
}

/** What went wrong in answering a question anew, below the answer that it has. */
export function NotAnsweredAgain({ problem, again }: { problem: LiveAnswer['problem']; again(): void }) {
  const words = useWords()
  return (
    <div className="mb-12">
      {problem && <Failed problem={problem} title={words('chat.failedAgain')} />}
      <Button className="mt-3" onClick={again}>
        {words('chat.again')}
      </Button>
    </div>
  )
}

function Failed({ problem, title }: { problem: NonNullable<LiveAnswer['problem']>; title: string }) {
  const words = useWords()
  return (
    <div role="alert" className="mt-4 rounded-xl bg-danger-soft px-4 py-3 text-sm">
      <p className="font-medium">{title}</p>
      <p className="mt-1">{problem.text || words.explain(problem.reason)}</p>
    </div>
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
