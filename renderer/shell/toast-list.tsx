import { X } from 'lucide-react'
import { useEffect, useState } from 'react'
import { useApp } from '../app-context.ts'
import { IconButton } from '../parts/button.tsx'
import { useStore } from '../store.ts'
import { useWords } from '../words.tsx'
import type { Toast } from './toasts.ts'

/** Milliseconds a word stays; one that can be undone stays longer. Pointer or keyboard on it hold it. */
const short = 6000
const long = 15_000

export function ToastList() {
  const { toasts } = useApp()
  const list = useStore(toasts.list)
  return (
    <div role="status" className="flex w-full max-w-md flex-col gap-2">
      {list.map(toast => (
        <OneToast key={toast.key} toast={toast} dismiss={() => toasts.dismiss(toast.key)} />
      ))}
    </div>
  )
}

function OneToast({ toast: { text, action }, dismiss }: { toast: Toast; dismiss(): void }) {
  const words = useWords()
  const [held, setHeld] = useState(false)
  // biome-ignore lint/correctness/useExhaustiveDependencies: the clock starts anew when it is let go, not at every paint
  useEffect(() => {
    if (held) return
    const timer = setTimeout(dismiss, action ? long : short)
    return () => clearTimeout(timer)
  }, [held])
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: nothing to do with it, it only stays while looked at
    <div
      onPointerEnter={() => setHeld(true)}
      onPointerLeave={() => setHeld(false)}
      onFocus={() => setHeld(true)}
      onBlur={() => setHeld(false)}
      className="pointer-events-auto flex items-center gap-2 rounded-xl bg-ink py-1.5 pr-1.5 pl-4 text-sm text-paper shadow-lift"
    >
      <span className="line-clamp-4 min-w-0 grow wrap-anywhere">{text}</span>
      {action && (
        <button
          type="button"
          className="min-h-9 shrink-0 rounded-lg px-3 font-semibold underline underline-offset-4 focus-visible:outline-paper"
          onClick={() => {
            dismiss()
            action.run()
          }}
        >
          {action.label}
        </button>
      )}
      <IconButton
        label={words('app.dismiss')}
        onClick={dismiss}
        className="size-9 text-paper! hover:bg-transparent hover:opacity-70 focus-visible:outline-paper"
      >
        <X aria-hidden />
      </IconButton>
    </div>
  )
}
