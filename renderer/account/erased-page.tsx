import { useEffect, useRef } from 'react'
import type { ErasedAccount } from '../../shared/api/account.ts'
import { Button } from '../parts/button.tsx'
import { useWords } from '../words.tsx'
import { CopyButton } from './copy-button.tsx'

/** What was removed with an account: the last thing its user sees here. */
export function ErasedPage({ receipt: { at, backupsUntil, removed } }: { receipt: ErasedAccount }) {
  const words = useWords()
  const heading = useRef<HTMLHeadingElement>(null)
  const title = words('account.erased')
  useEffect(() => {
    document.title = `${title} · Cloister`
    heading.current?.focus()
  }, [title])
  const lead = words('account.erasedLead', { date: words.date(at) })
  const backups =
    backupsUntil === null
      ? words('account.erasedNoBackups')
      : words('account.erasedBackups', { date: words.date(backupsUntil) })
  const lines = (Object.keys(removed) as (keyof typeof removed)[]).map(what => ({
    what: words(`account.removed.${what}`),
    count: what === 'bytes' ? words.size(removed[what]) : words.number(removed[what]),
  }))
  const receipt = [title, lead, ...lines.map(({ what, count }) => `${what}: ${count}`), backups].join('\n')
  return (
    <main className="mx-auto max-w-xl px-6 py-16">
      <h1 ref={heading} tabIndex={-1} className="font-serif text-2xl outline-none">
        {title}
      </h1>
      <p className="mt-3 text-soft">{lead}</p>
      <dl className="mt-6 grid grid-cols-[1fr_auto] gap-x-6 gap-y-2 text-sm">
        {lines.map(({ what, count }) => (
          <div key={what} className="contents">
            <dt>{what}</dt>
            <dd className="text-right tabular-nums">{count}</dd>
          </div>
        ))}
      </dl>
      <p className="mt-6 text-sm text-soft">{backups}</p>
      <div className="mt-8 flex flex-wrap gap-3">
        <CopyButton text={receipt} />
        <Button
          look="main"
          onClick={() => {
            location.hash = ''
            location.reload()
          }}
        >
          {words('account.done')}
        </Button>
      </div>
    </main>
  )
}
