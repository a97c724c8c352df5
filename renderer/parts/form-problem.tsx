import { useLayoutEffect, useRef } from 'react'
import { Problem } from './problem.tsx'

/** Why a form was refused. The keyboard goes there, so that what is read next is what is wrong, and the next step is back into the form. */
export function FormProblem({ error }: { error: unknown }) {
  const box = useRef<HTMLDivElement>(null)
  // With the word itself: a moment later it would be taken from who is typing the next try by then.
  useLayoutEffect(() => {
    if (error !== null) box.current?.focus()
  }, [error])
  if (error === null) return null
  return (
    <div ref={box} tabIndex={-1} className="rounded-xl">
      <Problem error={error} />
    </div>
  )
}
