import { Eye, EyeOff } from 'lucide-react'
import { useState } from 'react'
import { useWords } from '../words.tsx'
import { Field, fieldLook } from './field.tsx'

/** A password of one's own, which can be looked at. */
export function SecretField({
  label,
  hint,
  name,
  value,
  change,
  fresh = false,
  focus = false,
}: {
  label: string
  hint?: string
  name: string
  value: string
  change(value: string): void
  /** One that is being chosen; else one that is known. */
  fresh?: boolean
  focus?: boolean
}) {
  const words = useWords()
  const [shown, show] = useState(false)
  const Icon = shown ? EyeOff : Eye
  return (
    <Field label={label} {...(hint && { hint })}>
      {ids => (
        <span className="relative block">
          <input
            {...ids}
            name={name}
            type={shown ? 'text' : 'password'}
            autoComplete={fresh ? 'new-password' : 'current-password'}
            autoCapitalize="none"
            autoCorrect="off"
            spellCheck={false}
            required
            maxLength={1000}
            // biome-ignore lint/a11y/noAutofocus: the first field of what was just opened
            autoFocus={focus}
            value={value}
            onChange={event => change(event.target.value)}
            className={`${fieldLook} pr-12`}
          />
          <button
            type="button"
            aria-pressed={shown}
            aria-label={words('enter.showPassword')}
            title={words('enter.showPassword')}
            onClick={() => show(now => !now)}
            className="absolute inset-y-0.5 right-0.5 inline-flex w-10 items-center justify-center rounded-md text-soft hover:text-ink"
          >
            <Icon aria-hidden className="size-5" />
          </button>
        </span>
      )}
    </Field>
  )
}
