import { useApp } from '../app-context.ts'
import type { Desktop } from '../desktop.ts'
import { useStore } from '../store.ts'
import { useWords } from '../words.tsx'
import { KeyNotice } from './key-notice.tsx'
import { ServerFailed } from './server-failed.tsx'
import { useLasting, waitingText } from './starting.tsx'
import { UpdatesNotice } from './updates-notice.tsx'

/** What concerns the whole page: no connection, or work that stands still. */
export function Notices() {
  const { desktop } = useApp()
  const words = useWords()
  return (
    <>
      {desktop && <ServerFailed desktop={desktop} />}
      {desktop ? <ConnectionOfWindow desktop={desktop} /> : <Connection text={words('app.offline')} />}
      {desktop && !desktop.quick && <KeyNotice desktop={desktop} />}
      {desktop && !desktop.quick && <UpdatesNotice desktop={desktop} />}
    </>
  )
}

function ConnectionOfWindow({ desktop }: { desktop: Desktop }) {
  const words = useWords()
  const server = useStore(desktop.server)
  // Why it failed stands there already.
  if (server.name === 'failed') return null
  const waiting = waitingText(server, words)
  // It may be silent over a connection that stands.
  if (waiting !== null && server.name !== 'starting')
    return <Notice text={waiting} calm={server.name === 'stopped' && server.alone !== undefined} />
  const isAnew = server.name === 'starting' && server.doing === 'beginning'
  return <Connection text={waiting === null ? words('app.offline') : isAnew ? words('desktop.starting') : waiting} />
}

function Connection({ text }: { text: string }) {
  const words = useWords()
  const { status } = useApp()
  const { connected, trouble } = useStore(status)
  const offline = useLasting(!connected)
  if (offline) return <Notice text={text} />
  return trouble && <Notice text={words('app.trouble', { reason: words.explain(trouble) })} />
}

/** `calm`: it is as its user wanted it. */
function Notice({ text, calm = false }: { text: string; calm?: boolean }) {
  return (
    <div
      role="status"
      className={`shrink-0 border-b border-line px-4 py-2 text-sm ${calm ? 'bg-accent-soft' : 'bg-danger-soft'}`}
    >
      {text}
    </div>
  )
}
