import { useState } from 'react'
import type { UpdateChoice, UpdateState } from '../../shared/api/desktop.ts'
import type { Desktop } from '../desktop.ts'
import { Button } from '../parts/button.tsx'
import { Confirm } from '../parts/dialog.tsx'
import { useUpdateChoice } from '../shell/updates-notice.tsx'
import { useStore } from '../store.ts'
import { type Key, useWords } from '../words.tsx'

type Offered = readonly [choice: UpdateChoice, label: Key, look?: 'main']

/** What there is to say of updates, and what can be done about it. */
export function UpdatesPart({ desktop }: { desktop: Desktop }) {
  const words = useWords()
  const updates = useStore(desktop.updates)
  const choose = useUpdateChoice(desktop)
  const [goingBack, setGoingBack] = useState(false)
  const previous = updates.name === 'current' || updates.name === 'off' ? updates.previous : null
  const notes = updates.name === 'available' || updates.name === 'ready' ? updates.notes : ''
  return (
    <div className="mt-6">
      <h3 id="part-updates" tabIndex={-1} className="scroll-mt-6 font-medium outline-none">
        {words('desktop.updates.title')}
      </h3>
      <p role="status" className="mt-1 text-sm text-soft">
        {textOf()}
      </p>
      {notes !== '' && (
        <details className="mt-2 text-sm">
          <summary className="cursor-pointer">{words('desktop.updates.notes')}</summary>
          <p className="mt-2 whitespace-pre-wrap">{notes}</p>
        </details>
      )}
      <div className="mt-3 flex flex-wrap gap-2">
        {offersOf(updates).map(([choice, label, look]) => (
          <Button key={choice} {...(look && { look })} onClick={() => void choose(choice)}>
            {words(label)}
          </Button>
        ))}
        {previous !== null && (
          <Button look="quiet" onClick={() => setGoingBack(true)}>
            {words('desktop.updates.back', { version: previous })}
          </Button>
        )}
      </div>
      <Confirm
        title={words('desktop.updates.backAsk', { version: previous ?? '' })}
        lead={words('desktop.updates.backLead')}
        action={words('desktop.updates.backGo')}
        open={goingBack}
        close={() => setGoingBack(false)}
        confirm={() => void choose('back')}
      />
    </div>
  )

  function textOf(): string {
    switch (updates.name) {
      case 'unasked':
        return words('desktop.updates.ask')
      case 'failed':
        return words.explain(updates.reason)
      case 'available':
        return words(updates.back ? 'desktop.updates.backThere' : 'desktop.updates.available', {
          version: updates.version,
        })
      case 'ready':
        return words(updates.waiting ? 'desktop.updates.waiting' : 'desktop.updates.ready', {
          version: updates.version,
        })
      case 'downloading':
        return words('desktop.updates.downloading', {
          version: updates.version,
          percent: Math.floor(100 * updates.part),
        })
      default:
        return words(`desktop.updates.${updates.name}`)
    }
  }
}

const check: Offered = ['check', 'desktop.updates.check']
const skip: Offered = ['skip', 'desktop.updates.skip']
const stay: Offered = ['skip', 'desktop.updates.stay']

function offersOf(updates: UpdateState): readonly Offered[] {
  const isBack = (updates.name === 'available' || updates.name === 'ready') && updates.back
  return isBack ? offers[updates.name].map(one => (one === skip ? stay : one)) : offers[updates.name]
}

const offers: Record<UpdateState['name'], readonly Offered[]> = {
  none: [],
  unasked: [
    ['on', 'desktop.updates.on'],
    ['off', 'desktop.updates.no'],
  ],
  off: [check, ['on', 'desktop.updates.daily']],
  checking: [],
  current: [check, ['off', 'desktop.updates.stop']],
  available: [['download', 'desktop.updates.download', 'main'], skip],
  downloading: [['stop', 'desktop.updates.stopDownload']],
  ready: [['install', 'desktop.updates.install', 'main'], skip],
  failed: [check],
}
