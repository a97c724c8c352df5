import { type ReactNode, useId } from 'react'
import { Problem } from './problem.tsx'

export const fieldLook =
  'w-full rounded-lg border border-edge bg-surface px-3 py-2 text-base text-ink focus-visible:outline-offset-0'

/** A label, what is filled in, a word of explanation, and what is wrong with it. `children` gets the ids to carry. */
export function Field({
  label,
  hint,
  error = null,
  children,
}: {
  label: string
  hint?: string
  /** Why what is filled in was refused; null where it was not. */
  error?: unknown
  children(ids: { id: string; 'aria-describedby'?: string; 'aria-invalid'?: true }): ReactNode
}) {
  const id = useId()
  const wrong = error !== null
  const described = [...(hint ? [`${id}-hint`] : []), ...(wrong ? [`${id}-error`] : [])].join(' ')
  return (
    <div className="mt-4">
      <label htmlFor={id} className="mb-1.5 block text-sm font-medium">
        {label}
      </label>
      {children({ id, ...(described && { 'aria-describedby': described }), ...(wrong && { 'aria-invalid': true }) })}
      {hint && (
        <p id={`${id}-hint`} className="mt-1.5 text-xs text-soft">
          {hint}
        </p>
      )}
      {wrong && <Problem error={error} id={`${id}-error`} />}
    </div>
  )
}

/** The browser's own list: it is good with keyboards, screen readers and phones. */
export function Select({
  label,
  value,
  options,
  choose,
  hideLabel = false,
}: {
  label: string
  value: string
  options: readonly { value: string; label: string }[]
  choose(value: string): void
  hideLabel?: boolean
}) {
  const id = useId()
  return (
    <span className="inline-flex min-w-0 items-center gap-2 text-sm">
      <label htmlFor={id} className={hideLabel ? 'sr-only' : 'text-soft'}>
        {label}
      </label>
      <select
        id={id}
        value={value}
        onChange={event => choose(event.target.value)}
        className="min-h-10 max-w-full min-w-0 rounded-lg border border-edge/60 bg-surface px-2.5 text-ink"
      >
        {options.map(option => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
    </span>
  )
}
