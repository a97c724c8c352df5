import { useEffect, useState } from 'react'
import { useApp } from '../app-context.ts'
import { useStore } from '../store.ts'
import { useWords } from '../words.tsx'

/** What concerns the whole page: no connection, or work that stands still. */
export function Notices() {
  const words = useWords()
  const { status } = useApp()
  const { connected, trouble } = useStore(status)
  const offline = useLasting(!connected)
  if (!offline && !trouble) return null
  return (
    <div role="status" className="shrink-0 border-b border-line bg-danger-soft px-4 py-2 text-sm">
      {offline ? words('app.offline') : trouble && words('app.trouble', { reason: words.explain(trouble) })}
    </div>
  )
}

/** True when it has been for two seconds: a blink is no news. */
function useLasting(now: boolean): boolean {
  const [lasting, setLasting] = useState(false)
  useEffect(() => {
    if (!now) return setLasting(false)
    const timer = setTimeout(() => setLasting(true), 2000)
    return () => clearTimeout(timer)
  }, [now])
  return lasting
}
