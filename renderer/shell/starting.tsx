import { useEffect, useState } from 'react'
import type { ShownServer } from '../../shared/api/desktop.ts'
import type { Desktop } from '../desktop.ts'
import { useStore } from '../store.ts'
import { useWords, type Words } from '../words.tsx'
import { ServerFailed } from './server-failed.tsx'

/** Before the screen is there. In the desktop's window also what it waits for, when that takes a while. */
export function Starting({ desktop }: { desktop: Desktop | null }) {
  return (
    <main className="starting">
      <h1>Cloister</h1>
      {desktop && <NotOpen desktop={desktop} />}
    </main>
  )
}

/** What the library is at instead of being open, or why it is not; alone on the page. */
export function NotOpen({ desktop }: { desktop: Desktop }) {
  return (
    <div className="mt-4 overflow-hidden rounded-lg">
      <ServerFailed desktop={desktop} />
      <Waiting desktop={desktop} />
    </div>
  )
}

function Waiting({ desktop }: { desktop: Desktop }) {
  const words = useWords()
  const text = waitingText(useStore(desktop.server), words)
  const lasting = useLasting(text !== null)
  if (!lasting || text === null) return null
  return (
    <p role="status" className="text-soft">
      {text}
    </p>
  )
}

/** Null where there is nothing to say. */
export function waitingText(server: ShownServer, words: Words): string | null {
  if (server.name === 'silent') return words('desktop.silent')
  if (server.name === 'starting') return words(`desktop.doing.${server.doing}`)
  if (server.name !== 'stopped') return null
  if (server.safe) {
    const { reason } = server.safe
    return reason ? `${words('desktop.safe')} ${words.explain(reason)}` : words('desktop.safe')
  }
  if (!server.alone) return null
  const { doing, part } = server.alone
  const far = part === null ? '' : ` (${words('desktop.lone.percent', { percent: Math.floor(part * 100) })})`
  return words(`desktop.lone.${doing}`, { far })
}

/** True when it has been for two seconds: a blink is no news. */
export function useLasting(now: boolean): boolean {
  const [lasting, setLasting] = useState(false)
  useEffect(() => {
    if (!now) return setLasting(false)
    const timer = setTimeout(() => setLasting(true), 2000)
    return () => clearTimeout(timer)
  }, [now])
  return lasting
}
