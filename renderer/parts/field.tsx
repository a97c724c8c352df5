import { type ReactNode, useId } from 'react'

export const fieldLook =
  'w-full rounded-lg border border-edge bg-surface px-3 py-2 text-base text-ink focus-visible:outline-offset-0'

/** A label, what is filled in, and a word of explanation. `children` gets the ids to carry. */
export function Field({
  label,
  hint,
  children,
}: {
  label: string
  hint?: string
  children(ids: { id: string; 'aria-describedby'?: string }): ReactNode
}) {
  const id = useId()
  return (
    <div className="mt-4">
      <label htmlFor={id} className="mb-1.5 block text-sm font-medium">
        {label}
      </label>
      {children({ id, ...(hint && { 'aria-describedby': `${id}-hint` }) })}
      {hint && (
        <p id={`${id}-hint`} className="mt-1.5 text-xs text-soft">
          {hint}
        </p>
      )}
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
