import type { Desktop } from '../desktop.ts'
import { Button } from '../parts/button.tsx'
import { useStore } from '../store.ts'
import { useWords } from '../words.tsx'

/** Why the server of this window is not started again by itself, and the button that does. */
export function ServerFailed({ desktop }: { desktop: Desktop }) {
  const words = useWords()
  const server = useStore(desktop.server)
  if (server.name !== 'failed') return null
  return (
    <div role="alert" className="shrink-0 border-b border-line bg-danger-soft px-4 py-3 text-sm">
      <p>{words('desktop.failed', { reason: words.explain(server.reason) })}</p>
      <Button className="mt-2" onClick={() => void desktop.bridge.startServer()}>
        {words('app.retry')}
      </Button>
    </div>
  )
}
