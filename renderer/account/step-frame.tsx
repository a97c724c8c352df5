import { type ReactNode, useEffect, useRef } from 'react'
import { useWords } from '../words.tsx'
import { useDoor } from './door.ts'
import { at } from './flow.ts'

/** A step at the door: what it is called, what it is for, and what happened before. */
export function StepFrame({
  title,
  lead = null,
  notice = null,
  focus = false,
  children,
}: {
  title: string
  lead?: string | null
  notice?: string | null
  /** Where there is no field that could take the keyboard. */
  focus?: boolean
  children: ReactNode
}) {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    document.title = `${title} · Cloister`
  }, [title])
  useEffect(() => {
    if (focus) heading.current?.focus()
  }, [focus])
  return (
    <>
      <h1 ref={heading} tabIndex={-1} className="mt-5 font-serif text-2xl outline-none">
        {title}
      </h1>
      {lead && <p className="mt-2 text-pretty wrap-anywhere text-soft">{lead}</p>}
      {notice && (
        <p role="status" className="mt-5 rounded-xl bg-accent-soft px-4 py-3 text-sm">
          {notice}
        </p>
      )}
      {children}
    </>
  )
}

export function BackToSignIn({ label }: { label?: string }) {
  const words = useWords()
  const { go } = useDoor()
  return (
    <p className="mt-5">
      <TextButton run={() => go(at({ name: 'sign-in' }))}>{label ?? words('enter.back')}</TextButton>
    </p>
  )
}

/** Leads to another step; it looks like a link, because it leads somewhere. */
export function TextButton({ run, children }: { run(): void; children: ReactNode }) {
  return (
    <button
      type="button"
      onClick={run}
      className="min-h-8 text-left text-sm text-accent underline underline-offset-4 hover:no-underline"
    >
      {children}
    </button>
  )
}
