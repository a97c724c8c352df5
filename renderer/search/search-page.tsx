import { useQuery } from '@tanstack/react-query'
import { Search } from 'lucide-react'
import { useEffect, useId, useState } from 'react'
import { useApp, useProject } from '../app-context.ts'
import { PassageItem } from '../chat/passage-item.tsx'
import { Button } from '../parts/button.tsx'
import { Page } from '../parts/page.tsx'
import { Loading, Problem } from '../parts/problem.tsx'
import { useWords } from '../words.tsx'

const steps = [10, 30, 100]

/** Passages for words, without an answer. The query stands in the address. */
export function SearchPage({ query }: { query: string }) {
  const words = useWords()
  const { client, router } = useApp()
  const project = useProject()
  const [text, setText] = useState(query)
  const [step, setStep] = useState(0)
  const id = useId()
  const limit = steps[step] ?? 10
  const found = useQuery({
    queryKey: ['search', project.id, query, limit],
    queryFn: async ({ signal }) => (await client.search({ projectId: project.id, query, limit }, { signal })).passages,
    enabled: query !== '',
    staleTime: 0,
    placeholderData: (before, of) => (of?.queryKey[2] === query ? before : undefined),
  })
  useEffect(() => {
    setText(query)
    setStep(0)
  }, [query])

  return (
    <Page title={words('search.title')} lead={words('search.lead')}>
      <form
        className="mt-6 flex gap-2"
        onSubmit={event => {
          event.preventDefault()
          if (text.trim() !== '') router.go('search', { query: { q: text.trim() } })
        }}
      >
        <label htmlFor={id} className="sr-only">
          {words('search.label')}
        </label>
        <input
          id={id}
          type="search"
          data-main-field
          // biome-ignore lint/a11y/noAutofocus: searching is what the page is for
          autoFocus
          maxLength={2000}
          value={text}
          placeholder={words('search.placeholder')}
          onChange={event => setText(event.target.value)}
          className="min-h-12 min-w-0 grow rounded-xl border border-edge bg-surface px-4 text-read"
        />
        <Button look="main" type="submit" className="min-h-12">
          <Search aria-hidden className="size-4" />
          <span className="max-sm:sr-only">{words('search.action')}</span>
        </Button>
      </form>
      {found.isError && <Problem error={found.error} retry={() => void found.refetch()} />}
      {found.isLoading && <Loading />}
      <p role="status" className="mt-6 text-sm text-soft">
        {found.data &&
          (found.data.length === 0
            ? words('search.none', { query })
            : words('search.found', { count: found.data.length }))}
      </p>
      {found.data && found.data.length > 0 && (
        <ol className="mt-2 divide-y divide-line">
          {found.data.map(passage => (
            <PassageItem key={passage.chunkId} passage={passage} long />
          ))}
        </ol>
      )}
      {found.data && found.data.length >= limit && step < steps.length - 1 && (
        <Button className="mt-4" onClick={() => setStep(step + 1)}>
          {words('search.more')}
        </Button>
      )}
    </Page>
  )
}
