import { useEffect, useId, useState } from 'react'
import type { DesktopAnswer, DesktopPreferences } from '../../shared/api/desktop.ts'
import { useApp } from '../app-context.ts'
import { answered, type Desktop } from '../desktop.ts'
import { Button } from '../parts/button.tsx'
import { fieldLook } from '../parts/field.tsx'
import { sentenceOf } from '../parts/problem.tsx'
import { useRoute } from '../route.ts'
import { useStore } from '../store.ts'
import { useWords } from '../words.tsx'
import { KeyPart } from './key-part.tsx'
import { keysOf, shownKeys } from './keys.ts'
import { Section } from './settings-section.tsx'
import { UpdatesPart } from './updates-part.tsx'

const mac = /mac/i.test(navigator.platform)

/** What the window and the system around it do; kept by the desktop, and not in the library. */
export function DesktopSection({ desktop }: { desktop: Desktop }) {
  const words = useWords()
  const { toasts } = useApp()
  const { bridge, preferences } = desktop
  const values = useStore(preferences)
  useNamedPart(values !== null)
  const run = async <T,>(answer: Promise<DesktopAnswer<T>>): Promise<T | undefined> => {
    try {
      return await answered(answer)
    } catch (error) {
      toasts.show(sentenceOf(error, words))
      return undefined
    }
  }
  const change = async (changes: Partial<DesktopPreferences>) => {
    const before = preferences.get()
    // A tick stands at once; main may refuse keys, and says which are in force.
    if (before && !('shortcut' in changes)) preferences.set({ ...before, ...changes })
    const kept = await run(bridge.setPreferences(changes))
    if (kept) preferences.set(kept)
    else if (before) preferences.set(before)
    return kept
  }
  useEffect(() => {
    void bridge.getPreferences().then(given => given.ok && preferences.set(given.value))
  }, [bridge, preferences])
  return (
    <Section title={words('desktop.title')}>
      {values &&
        (['tray', 'notifications', 'recent'] as const).map(name => (
          <label key={name} className="flex min-h-10 items-center gap-3">
            <input
              type="checkbox"
              checked={values[name]}
              onChange={event => void change({ [name]: event.target.checked })}
              className="size-5 shrink-0 accent-accent"
            />
            {words(`desktop.${name}`)}
          </label>
        ))}
      {values && (
        <Keys
          keys={values.shortcut}
          asked={desktop.asksForKeys}
          change={async shortcut => (await change({ shortcut }))?.shortcut}
        />
      )}
      <Button className="mt-6" onClick={() => void run(bridge.showDataFolder())}>
        {words('desktop.showData')}
      </Button>
      <KeyPart desktop={desktop} />
      <UpdatesPart desktop={desktop} />
    </Section>
  )
}

/** Whoever was led to a part of it (`?part=key`) sees that one: the keyboard is there, too. */
function useNamedPart(there: boolean): void {
  const { router } = useApp()
  const part = useRoute(router).query.get('part')
  useEffect(() => {
    if (!there || part === null) return
    // What is above has its size by then, and the page has been scrolled to its beginning.
    const frame = requestAnimationFrame(() => {
      const place = document.getElementById(`part-${part}`)
      place?.focus({ preventScroll: true })
      place?.scrollIntoView({ block: 'start' })
    })
    return () => cancelAnimationFrame(frame)
  }, [there, part])
}

/** `change` tells which keys are in force afterwards. */
function Keys({
  keys,
  asked,
  change,
}: {
  keys: string | null
  /** By the system, of its user. */
  asked: boolean
  change(keys: string | null): Promise<string | null | undefined>
}) {
  const words = useWords()
  const id = useId()
  const [refused, setRefused] = useState(false)
  const take = async (wanted: string | null) => {
    const now = await change(wanted)
    setRefused(wanted !== null && now === null)
  }
  return (
    <div id="part-shortcut" tabIndex={-1} className="mt-4 scroll-mt-6 outline-none">
      <label htmlFor={id}>{words('desktop.keys')}</label>
      <div className="mt-2 flex flex-wrap gap-2">
        <input
          id={id}
          readOnly
          aria-describedby={`${id}-hint`}
          value={keys === null ? words('desktop.keysNone') : shownKeys(keys, { mac, language: words.language })}
          onKeyDown={event => {
            const pressed = keysOf(event, mac)
            if (pressed === null) return
            event.preventDefault()
            void take(pressed)
          }}
          className={`${fieldLook} max-w-64`}
        />
        {keys !== null && (
          <Button look="quiet" onClick={() => void take(null)}>
            {words('desktop.keysOff')}
          </Button>
        )}
      </div>
      <p id={`${id}-hint`} role="status" className="mt-1 text-sm text-soft">
        {words(refused ? 'desktop.keysRefused' : asked ? 'desktop.keysAsked' : 'desktop.keysHint')}
      </p>
    </div>
  )
}
