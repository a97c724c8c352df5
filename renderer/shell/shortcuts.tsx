import { useEffect } from 'react'
import { useApp } from '../app-context.ts'
import { Dialog } from '../parts/dialog.tsx'
import { useStore } from '../store.ts'
import { type Key, useWords } from '../words.tsx'

const list: readonly { keys: readonly string[]; does: Key }[] = [
  { keys: ['n'], does: 'shortcuts.ask' },
  { keys: ['/'], does: 'shortcuts.focus' },
  { keys: ['d'], does: 'shortcuts.library' },
  { keys: ['s'], does: 'shortcuts.search' },
  { keys: ['←', '→'], does: 'shortcuts.pages' },
  { keys: ['+', '−'], does: 'shortcuts.zoom' },
  { keys: ['Esc'], does: 'shortcuts.close' },
  { keys: ['?'], does: 'shortcuts.help' },
]

/** Listens for the keys, and shows the list of them. */
export function Shortcuts({ open, setOpen }: { open: boolean; setOpen(open: boolean): void }) {
  const words = useWords()
  const { router, preferences } = useApp()
  const { letters } = useStore(preferences.values)

  useEffect(() => {
    const act: Record<string, () => void> = {
      n: () => router.go('ask'),
      d: () => router.go('library'),
      s: () => router.go('search'),
      '?': () => setOpen(true),
      '/': () => document.querySelector<HTMLElement>('[data-main-field]')?.focus(),
    }
    const pressed = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return
      if (document.querySelector('[role="dialog"], [role="menu"]')) return
      if (event.key === 'Escape') return router.close()
      if (isWriting(event.target) || !letters) return
      const run = act[event.key]
      if (!run) return
      event.preventDefault()
      run()
      if (event.key === 'n') requestAnimationFrame(() => act['/']?.())
    }
    window.addEventListener('keydown', pressed)
    return () => window.removeEventListener('keydown', pressed)
  }, [router, letters, setOpen])

  return (
    <Dialog
      title={words('shortcuts.title')}
      {...(!letters && { lead: words('shortcuts.off') })}
      open={open}
      close={() => setOpen(false)}
    >
      <dl className="mt-2 grid grid-cols-[auto_1fr] items-baseline gap-x-6 gap-y-3 text-sm">
        {list.map(({ keys, does }) => (
          <div key={does} className="contents">
            <dt className="flex gap-1.5">
              {keys.map(key => (
                <kbd
                  key={key}
                  className="inline-block min-w-8 rounded-md border border-edge/60 bg-paper px-2 py-0.5 text-center font-mono text-xs"
                >
                  {key}
                </kbd>
              ))}
            </dt>
            <dd>{words(does)}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  )
}

export function isWriting(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
}
