import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useApp } from '../app-context.ts'
import { Button } from '../parts/button.tsx'
import { Confirm } from '../parts/dialog.tsx'
import { Loading, Problem, sentenceOf } from '../parts/problem.tsx'
import { Section } from '../parts/section.tsx'
import { useWords } from '../words.tsx'
import { accountReads, useAccountReads } from './account-reads.ts'
import { deviceOf } from './device.ts'

/** Where one is signed in, this browser marked. */
export function SessionsSection() {
  const words = useWords()
  const { client, toasts } = useApp()
  const { refresh } = useAccountReads()
  const query = useQuery(accountReads.sessions(client))
  const [asking, setAsking] = useState(false)
  const run = async (act: () => Promise<unknown>, said: string) => {
    try {
      await act()
      toasts.show(said)
    } catch (error) {
      toasts.show(sentenceOf(error, words))
    }
    refresh('sessions')
  }
  const deviceName = (userAgent: string) => {
    const { browser, system } = deviceOf(userAgent)
    if (browser && system) return words('account.device', { browser, system })
    return browser || system || words('account.unknownDevice')
  }
  const others = query.data?.some(({ current }) => !current) ?? false
  return (
    <Section
      title={words('account.sessions')}
      lead={words('account.sessionsLead')}
      actions={others && <Button onClick={() => setAsking(true)}>{words('account.endOthers')}</Button>}
    >
      {query.isError && <Problem error={query.error} retry={() => void query.refetch()} />}
      {query.isPending && <Loading />}
      {query.data && (
        <ul aria-label={words('account.sessions')} className="mt-4 divide-y divide-line border-y border-line">
          {query.data.map(({ id, userAgent, address, createdAt, usedAt, current }) => {
            const name = deviceName(userAgent)
            return (
              <li key={id} className="flex flex-wrap items-center justify-between gap-x-4 gap-y-1 py-2">
                <span className="min-w-0 wrap-anywhere">
                  {name}
                  {current && (
                    <span className="ml-2 rounded-full bg-accent-soft px-2.5 py-0.5 text-xs font-medium text-accent">
                      {words('account.here')}
                    </span>
                  )}
                  <span className="block text-sm text-soft">
                    {words('account.sessionSince', { since: words.date(createdAt), used: words.instant(usedAt) })}
                    {address && `, ${words('account.sessionFrom', { address })}`}
                  </span>
                </span>
                {!current && (
                  <Button
                    look="quiet"
                    className="max-sm:-ml-3"
                    onClick={() =>
                      void run(() => client.auth.endSession({ sessionId: id }), words('account.sessionEnded'))
                    }
                  >
                    {words('account.endSession')}
                    <span className="sr-only">{name}</span>
                  </Button>
                )}
              </li>
            )
          })}
        </ul>
      )}
      <Confirm
        open={asking}
        title={words('account.endOthersAsk')}
        lead={words('account.endOthersLead')}
        action={words('account.endOthers')}
        close={() => setAsking(false)}
        confirm={() => void run(() => client.auth.endOtherSessions(), words('account.othersEnded'))}
      />
    </Section>
  )
}
