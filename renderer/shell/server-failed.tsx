import { useEffect, useRef } from 'react'
import { answered, type Desktop } from '../desktop.ts'
import { Button } from '../parts/button.tsx'
import { useStore } from '../store.ts'
import { useWords } from '../words.tsx'

/** Why the server of this window is not started again by itself, and the button that does. */
export function ServerFailed({ desktop, started }: { desktop: Desktop; started?: () => void }) {
  const words = useWords()
  const server = useStore(desktop.server)
  const failed = useRef(false)
  useEffect(() => {
    if (server.name === 'failed') failed.current = true
    else if (server.name === 'ready' && failed.current) started?.()
  }, [server, started])
  if (server.name !== 'failed') return null
  return (
    <div role="alert" className="shrink-0 border-b border-line bg-danger-soft px-4 py-3 text-sm">
      <p>{words('desktop.failed', { reason: words.explain(server.reason) })}</p>
      <Button className="mt-2" onClick={() => void answered(desktop.bridge.startServer())}>
        {words('app.retry')}
      </Button>
    </div>
  )
}
