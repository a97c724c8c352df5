import { useState } from 'react'
import { useWords } from '../words.tsx'
import { Button } from './button.tsx'
import { Dialog } from './dialog.tsx'
import { Field, fieldLook } from './field.tsx'

/** Asks for one name, and stays open with the reason where it is refused. */
export function NameDialog({
  title,
  lead,
  label,
  action,
  name: before = '',
  longest = 200,
  save,
  close,
}: {
  title: string
  lead?: string
  label: string
  action: string
  /** As it is now. */
  name?: string
  longest?: number
  save(name: string): Promise<void>
  close(): void
}) {
  const words = useWords()
  const [name, setName] = useState(before)
  const [error, setError] = useState<unknown>(null)
  return (
    <Dialog title={title} lead={lead} open close={close}>
      <form
        onSubmit={event => {
          event.preventDefault()
          save(name.trim()).then(close, setError)
        }}
      >
        <Field label={label} error={error}>
          {ids => (
            <input
              {...ids}
              autoFocus
              required
              maxLength={longest}
              value={name}
              onFocus={event => event.target.select()}
              onChange={event => setName(event.target.value)}
              className={fieldLook}
            />
          )}
        </Field>
        <div className="mt-6 flex flex-wrap justify-end gap-3">
          <Button onClick={close}>{words('app.cancel')}</Button>
          <Button look="main" type="submit" disabled={name.trim() === ''}>
            {action}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
