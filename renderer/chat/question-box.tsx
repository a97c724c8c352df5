import { ArrowUp, Square } from 'lucide-react'
import { type ReactNode, useId, useLayoutEffect, useRef, useState } from 'react'
import { useApp } from '../app-context.ts'
import { useWords } from '../words.tsx'

/** As many characters as the server takes. */
const longest = 2000
/** Pixels, after which it scrolls inside. */
const tallest = 220

export function QuestionBox({
  running,
  ask,
  stop,
  focus = false,
  draft,
  suggested = '',
  children,
}: {
  running: boolean
  ask(question: string): void
  stop(): void
  focus?: boolean
  /** Under which name what is written here is kept, until it is asked. */
  draft: string
  /** Stands in the field from the beginning. */
  suggested?: string
  /** Below the field: whom it is asked of. */
  children?: ReactNode
}) {
  const words = useWords()
  const { drafts } = useApp()
  const [text, setText] = useState(drafts.get(draft) ?? suggested)
  const field = useRef<HTMLTextAreaElement>(null)
  const id = useId()
  const tooLong = text.trim().length > longest

  // biome-ignore lint/correctness/useExhaustiveDependencies: the height follows the text
  useLayoutEffect(() => {
    const box = field.current
    if (!box) return
    box.style.height = 'auto'
    box.style.height = `${Math.min(tallest, box.scrollHeight)}px`
  }, [text])

  const write = (now: string) => {
    setText(now)
    if (now === '') drafts.delete(draft)
    else drafts.set(draft, now)
  }
  const send = () => {
    if (running || tooLong || text.trim() === '') return
    ask(text.trim())
    write('')
  }
  return (
    <form
      onSubmit={event => {
        event.preventDefault()
        send()
      }}
    >
      <div className="rounded-2xl border border-edge bg-surface shadow-lift focus-within:border-accent focus-within:outline-2 focus-within:outline-accent">
        <label htmlFor={id} className="sr-only">
          {words('ask.label')}
        </label>
        <textarea
          ref={field}
          id={id}
          data-main-field
          rows={1}
          // On a phone it would bring up the keyboard unasked.
          // biome-ignore lint/a11y/noAutofocus: asking is what the page is for
          autoFocus={focus && matchMedia('(pointer: fine)').matches}
          value={text}
          placeholder={words('ask.placeholder')}
          aria-describedby={`${id}-hint`}
          aria-invalid={tooLong}
          onChange={event => write(event.target.value)}
          onKeyDown={event => {
            if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return
            event.preventDefault()
            send()
          }}
          className="block max-h-56 w-full resize-none bg-transparent px-4 pt-3.5 pb-1 text-read outline-none focus-visible:outline-none"
        />
        <div className="flex items-center justify-between gap-2 pr-2 pb-2 pl-3">
          <div className="flex min-w-0 items-center">{children}</div>
          {/* Keys: one must not turn into the other under a finger. */}
          {running ? (
            <button
              key="stop"
              type="button"
              onClick={stop}
              className="inline-flex min-h-10 min-w-28 items-center justify-center gap-2 rounded-xl border border-edge/60 px-4 text-sm font-medium hover:bg-sunken"
            >
              <Square aria-hidden className="size-3.5 fill-current" />
              {words('ask.stop')}
            </button>
          ) : (
            <button
              key="ask"
              type="submit"
              disabled={tooLong || text.trim() === ''}
              className="inline-flex min-h-10 min-w-28 items-center justify-center gap-2 rounded-xl bg-accent px-4 text-sm font-medium text-on-accent hover:opacity-90 disabled:bg-sunken disabled:text-soft"
            >
              {words('ask.send')}
              <ArrowUp aria-hidden className="size-4" />
            </button>
          )}
        </div>
      </div>
      <p id={`${id}-hint`} className={tooLong ? 'mt-2 px-1 text-sm text-danger' : 'sr-only'}>
        {tooLong ? words('ask.tooLong', { max: longest, count: text.trim().length }) : words('ask.hint')}
      </p>
    </form>
  )
}
