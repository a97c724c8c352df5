import { ApiError } from '../../shared/api/api-error.ts'
import { reasonOf, toAppError } from '../../shared/errors.ts'
import { useWords, type Words } from '../words.tsx'
import { Button } from './button.tsx'

/** What went wrong and what to do, as a sentence. */
export function sentenceOf(error: unknown, words: Words): string {
  const known = toAppError(error)
  return known instanceof ApiError && known.detail ? known.detail : words.explain(reasonOf(known))
}

/** The same about a document, which the server knows by its id and people by its name. */
export function sentenceAbout(name: string, error: unknown, words: Words): string {
  return toAppError(error).code === 'document-not-found' ? words('library.gone', { name }) : sentenceOf(error, words)
}

export function Problem({ error, retry, id }: { error: unknown; retry?: () => void; id?: string }) {
  const words = useWords()
  return (
    <div id={id} role="alert" className="my-4 rounded-xl bg-danger-soft px-4 py-3 text-sm text-ink">
      <p>{sentenceOf(error, words)}</p>
      {retry && (
        <Button look="plain" className="mt-3" onClick={retry}>
          {words('app.retry')}
        </Button>
      )}
    </div>
  )
}

export function Loading() {
  const words = useWords()
  return <p className="breathing py-6 text-sm text-soft">{words('app.loading')}</p>
}
