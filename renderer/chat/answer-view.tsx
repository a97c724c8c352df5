import { memo, useId } from 'react'
import type { ApiMessage } from '../../shared/api/index.ts'
import { shownCells, shownQuote } from '../../shared/model/answer.ts'
import type { Answer, AnswerSentence, Citation } from '../../shared/model/index.ts'
import { useApp } from '../app-context.ts'
import { modelName } from '../models/facts.ts'
import { useWords } from '../words.tsx'
import { Declined, NotAnswered, QuotesMode } from './answer-notes.tsx'
import { placeOf } from './model-choice.tsx'
import { useOpenCitation } from './open-place.ts'
import { paragraphsOf } from './paragraphs.ts'

/** What is shown of an answer, streamed or kept. */
export type AnswerContent = Pick<
  Answer,
  'mode' | 'sentences' | 'citations' | 'text' | 'model' | 'server' | 'cached' | 'reason'
>

export function contentOf({ text, answer }: ApiMessage): AnswerContent {
  return answer
    ? { text, ...answer }
    : { text, mode: 'quotes', sentences: [], citations: [], model: null, reason: null }
}

export const AnswerView = memo(function AnswerView({
  content,
  found,
  draft = '',
  streaming = false,
}: {
  content: AnswerContent
  /** How many passages stand above it. */
  found: number
  /** The sentence being written. */
  draft?: string
  streaming?: boolean
}) {
  const words = useWords()
  const { mode, sentences, citations, reason, model, server, cached, text } = content
  if (mode === 'declined') return <Declined text={text} found={found} reason={reason} />
  if (mode === 'none') return <NotAnswered reason={reason} />
  if (mode === 'quotes')
    return (
      <div data-answer className="read-measure mt-6">
        <h3 className="sr-only">{words('chat.answer')}</h3>
        {!streaming && <QuotesMode reason={reason} />}
        {citations.length === 0 && <p className="text-read whitespace-pre-wrap">{text}</p>}
        <ol className="space-y-6">
          {citations.map((citation, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: citations are only ever added at the end
            <Quote key={at} citation={citation} number={at + 1} />
          ))}
        </ol>
      </div>
    )
  const unproven = sentences.filter(({ supported }) => !supported).length
  return (
    <div data-answer className="read-measure mt-6">
      <h3 className="sr-only">{words('chat.answer')}</h3>
      <Prose sentences={sentences} citations={citations} draft={draft} />
      {!streaming && (
        <>
          {citations.length > 0 && <Sources citations={citations} />}
          <div className="mt-4 space-y-1 text-xs text-soft">
            {unproven > 0 && <p>{words('chat.someUnsupported')}</p>}
            {cached && <p>{words('chat.cached')}</p>}
            {reason && <p>{reason.code === 'cancelled' ? words('chat.interrupted') : words.explain(reason)}</p>}
            {model && (
              <p data-writer>
                {words(unproven > 0 ? 'chat.modelUnproven' : 'chat.model', {
                  model: `${modelName(model)} (${placeOf({ server: server?.name ?? null, here: server?.here ?? true }, words)})`,
                  count: unproven,
                })}
              </p>
            )}
          </div>
        </>
      )}
    </div>
  )
})

function Prose({ sentences, citations, draft }: { sentences: AnswerSentence[]; citations: Citation[]; draft: string }) {
  const blocks = paragraphsOf(sentences)
  return (
    <div className="space-y-4 font-serif text-read">
      {blocks.map(({ kind, sentences: inside }, at) => {
        const last = at === blocks.length - 1
        const text = (
          <>
            {inside.map((sentence, place) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: sentences are only ever added at the end
              <Sentence key={place} sentence={sentence} citations={citations} />
            ))}
            {last && draft && <span className="text-soft">{draft}</span>}
          </>
        )
        return kind === 'item' ? (
          // biome-ignore lint/suspicious/noArrayIndexKey: likewise
          <p key={at} className="relative pl-6 before:absolute [&+&]:-mt-2 before:left-1.5 before:content-['•']">
            {text}
          </p>
        ) : (
          // biome-ignore lint/suspicious/noArrayIndexKey: likewise
          <p key={at}>{text}</p>
        )
      })}
      {blocks.length === 0 && <p className="text-soft">{draft}</p>}
    </div>
  )
}

const Sentence = memo(function Sentence({ sentence, citations }: { sentence: AnswerSentence; citations: Citation[] }) {
  const words = useWords()
  const id = useId()
  const { text, supported } = sentence
  return (
    <>
      <span
        className={supported ? '' : 'unproven'}
        {...(!supported && { 'aria-describedby': id, title: words('chat.unsupportedWhy') })}
      >
        {text}
      </span>
      {sentence.citations.map(at => citations[at] && <Chip key={at} citation={citations[at]} number={at + 1} />)}
      {!supported && ' '}
      {!supported && (
        <span id={id} className="font-sans text-xs whitespace-nowrap text-danger" title={words('chat.unsupportedWhy')}>
          ({words('chat.unsupported')})
        </span>
      )}{' '}
    </>
  )
})

/** The number behind a sentence; opens the page it stands on. */
function Chip({ citation, number }: { citation: Citation; number: number }) {
  const words = useWords()
  const open = useOpenCitation(citation)
  const label = words('chat.source', { number, file: citation.file, place: words.place(citation) })
  return (
    <button
      type="button"
      onClick={open}
      aria-label={label}
      title={`${label}\n${shownCells(citation) ?? shownQuote(citation)}`}
      data-citation={number}
      className="relative mx-0.5 inline-flex h-[1.35em] min-w-[1.35em] -translate-y-[0.1em] items-center justify-center rounded-md bg-accent-soft px-1 align-baseline font-sans text-[0.72em] font-semibold text-accent after:absolute after:-inset-1.5 hover:bg-accent hover:text-on-accent print:mx-[0.15em] print:h-auto print:min-w-0 print:-translate-y-[0.45em] print:px-0"
    >
      {number}
    </button>
  )
}

function Quote({ citation, number }: { citation: Citation; number: number }) {
  const words = useWords()
  const open = useOpenCitation(citation)
  return (
    <li className="border-l-2 border-accent pl-5">
      <blockquote className="font-serif text-read">
        {citation.cells ? <Row cells={citation.cells} cut={citation.cut} /> : shownQuote(citation)}
      </blockquote>
      <button
        type="button"
        onClick={open}
        data-citation={number}
        aria-label={words('chat.source', { number, file: citation.file, place: words.place(citation) })}
        className="mt-1 min-h-8 text-left text-sm wrap-anywhere text-accent underline-offset-4 hover:underline"
      >
        {words('chat.passage', { file: citation.file, place: words.place(citation) })}
      </button>
    </li>
  )
}

/** The quoted cells of a table row, each below the name of its column. */
function Row({ cells, cut }: { cells: NonNullable<Citation['cells']>; cut: Citation['cut'] | undefined }) {
  return (
    <dl className="flex flex-wrap items-end gap-x-6 gap-y-2">
      {cells.map(({ head, text }, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: cells of a kept quote do not move
        <div key={at} className="min-w-0 max-w-full">
          <dt className="font-sans text-xs text-soft">{head}</dt>
          <dd className="wrap-anywhere">
            {at === 0 && (cut === 'start' || cut === 'both') && '[…] '}
            {text}
            {at === cells.length - 1 && (cut === 'end' || cut === 'both') && ' […]'}
          </dd>
        </div>
      ))}
    </dl>
  )
}

function Sources({ citations }: { citations: Citation[] }) {
  const words = useWords()
  return (
    <div className="mt-6 border-t border-line pt-4">
      <h4 className="text-xs font-medium tracking-wide text-soft">{words('chat.sources')}</h4>
      <ol className="mt-2 space-y-1 print:list-none">
        {citations.map((citation, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: their order is what the numbers mean
          <Source key={at} citation={citation} number={at + 1} />
        ))}
      </ol>
    </div>
  )
}

function Source({ citation, number }: { citation: Citation; number: number }) {
  const words = useWords()
  const { router } = useApp()
  const open = useOpenCitation(citation)
  const { reading } = router.get()
  const current = reading?.documentId === citation.documentId && reading.mark?.quote === citation.quote
  return (
    <li>
      <button
        type="button"
        onClick={open}
        aria-current={current || undefined}
        className="flex w-full gap-3 rounded-lg px-2 py-1.5 text-left text-sm hover:bg-sunken aria-[current]:bg-accent-soft print:px-0"
      >
        <span className="w-4 shrink-0 text-right font-semibold text-accent">{number}</span>
        <span className="min-w-0">
          <span className="font-medium">
            {words('chat.passage', { file: citation.file, place: words.place(citation) })}
          </span>
          <span className="mt-0.5 line-clamp-2 text-soft print:line-clamp-none">
            {shownCells(citation) ?? shownQuote(citation)}
          </span>
        </span>
      </button>
    </li>
  )
}
