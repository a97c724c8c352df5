import { useQuery } from '@tanstack/react-query'
import type { Reason } from '../../shared/model/index.ts'
import { useApp } from '../app-context.ts'
import { Link } from '../parts/link.tsx'
import { read } from '../queries.ts'
import { useWords } from '../words.tsx'
import { useSearched } from './searched.ts'

/** Why there are quotes and no sentences of a model, and what can be done about it. */
export function QuotesMode({ reason }: { reason: Reason | null }) {
  const words = useWords()
  const { client } = useApp()
  const { data: models } = useQuery(read.models(client))
  const none = models !== undefined && !models.some(({ role, problem }) => role === 'chat' && !problem)
  return (
    <div className="mb-5">
      <p className="text-xs font-medium tracking-wide text-soft">{words('chat.quotes')}</p>
      {(none || reason) && (
        <p className="mt-1 text-sm text-soft">
          {reason ? words.explain(reason) : words('chat.quotesNoModel')}{' '}
          {/* What could not be proven says itself what follows from it. */}
          {reason && reason.code !== 'model-unproven' && words('chat.quotesModel')}{' '}
          {none && (
            <Link view="models" className="text-accent underline underline-offset-4 print:hidden">
              {words('chat.addModel')}
            </Link>
          )}
        </p>
      )}
    </div>
  )
}

/** No answer: says so, what was searched, and what may help. */
export function Declined({ text, found, reason }: { text: string; found: number; reason: Reason | null }) {
  const words = useWords()
  const searched = useSearched()
  const { ready, working } = searched ?? { ready: 0, working: 0 }
  return (
    <div data-answer className="read-measure mt-6">
      <h3 className="sr-only">{words('chat.answer')}</h3>
      <p className="font-serif text-read">{text || words('chat.declinedText')}</p>
      <div className="mt-3 space-y-1 text-sm text-soft">
        <p>
          {searched && (ready > 0 ? words('chat.declinedSearched', { count: ready }) : words('chat.declinedEmpty'))}{' '}
          {working > 0 && words('chat.declinedWorking', { count: working })}{' '}
          {found > 0 && words('chat.declinedNearest')}
        </p>
        {ready > 0 && <p>{words('chat.declinedHint')}</p>}
        {reason && <p>{words.explain(reason)}</p>}
      </div>
    </div>
  )
}

/** It came to no answer: stopped, or failed, before the first word. Says nothing of the documents. */
export function NotAnswered({ reason }: { reason: Reason | null }) {
  const words = useWords()
  const failure = reason && reason.code !== 'cancelled' ? reason : null
  return (
    <div data-answer className="read-measure mt-4 space-y-1 text-sm text-soft">
      <h3 className="sr-only">{words('chat.answer')}</h3>
      <p>{words(failure ? 'chat.failed' : 'chat.interruptedEmpty')}</p>
      {failure && <p>{words.explain(failure)}</p>}
    </div>
  )
}
