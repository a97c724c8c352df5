import { Field, fieldLook } from '../parts/field.tsx'
import { useWords } from '../words.tsx'

/** What an app shows now, or one of the codes that were kept for when it is lost. */
export function CodeField({
  kind,
  code,
  change,
}: {
  kind: 'totp' | 'recovery'
  code: string
  change(code: string): void
}) {
  const words = useWords()
  const byApp = kind === 'totp'
  return (
    <Field label={words(byApp ? 'enter.code' : 'enter.recoveryCode')}>
      {ids => (
        <input
          {...ids}
          name="code"
          inputMode={byApp ? 'numeric' : 'text'}
          autoComplete={byApp ? 'one-time-code' : 'off'}
          autoCapitalize="none"
          autoCorrect="off"
          spellCheck={false}
          required
          maxLength={byApp ? 10 : 40}
          // biome-ignore lint/a11y/noAutofocus: it is all there is to fill in
          autoFocus
          value={code}
          onChange={event => change(event.target.value)}
          className={`${fieldLook} font-mono tracking-widest`}
        />
      )}
    </Field>
  )
}
