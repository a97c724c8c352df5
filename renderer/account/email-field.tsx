import { Field, fieldLook } from '../parts/field.tsx'
import { useWords } from '../words.tsx'
import { useDoor } from './door.ts'

/** The address goes along from step to step. `fixed`: it is somebody’s already. */
export function EmailField({ focus = false, fixed }: { focus?: boolean; fixed?: string }) {
  const words = useWords()
  const { email, setEmail } = useDoor()
  return (
    <Field label={words('enter.email')}>
      {ids => (
        <input
          {...ids}
          type="email"
          name="email"
          autoComplete="username"
          autoCapitalize="none"
          autoCorrect="off"
          spellCheck={false}
          required
          readOnly={fixed !== undefined}
          maxLength={254}
          // biome-ignore lint/a11y/noAutofocus: what the page is for
          autoFocus={focus}
          value={fixed ?? email}
          onChange={event => setEmail(event.target.value)}
          className={`${fieldLook} ${fixed === undefined ? '' : 'bg-sunken! text-soft!'}`}
        />
      )}
    </Field>
  )
}
