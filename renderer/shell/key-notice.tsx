import { useState } from 'react'
import type { Desktop } from '../desktop.ts'
import { Button } from '../parts/button.tsx'
import { Link } from '../parts/link.tsx'
import { useStore } from '../store.ts'
import { useWords } from '../words.tsx'

/** Says once a start that the key waits for its passphrase, or is not to be had: whoever needs none of it goes on without. */
export function KeyNotice({ desktop }: { desktop: Desktop }) {
  const words = useWords()
  const key = useStore(desktop.key)
  const [said, setSaid] = useState(false)
  if ((key?.state !== 'locked' && key?.state !== 'lost') || said) return null
  return (
    <div
      role="status"
      className="flex shrink-0 flex-wrap items-center gap-x-4 gap-y-2 border-b border-line px-4 py-2 text-sm"
    >
      <p className="grow">
        {words(`desktop.key.${key.state}`)}.{' '}
        <Link view="settings" query={{ part: 'key' }} className="text-accent underline underline-offset-4">
          {words(key.state === 'locked' ? 'desktop.key.enter' : 'desktop.key.see')}
        </Link>
      </p>
      <Button onClick={() => setSaid(true)}>{words('desktop.key.later')}</Button>
    </div>
  )
}
