import { type FormEvent, useId, useState } from 'react'
import { useWords } from '../words.tsx'
import { Button } from './button.tsx'
import { fieldLook } from './field.tsx'

/** Asks for the password of a protected document. What was typed is handed on and forgotten here. */
export function PasswordField({
  unlock,
  wrong,
  action,
}: {
  unlock(password: string): void
  wrong: boolean
  action?: string
}) {
  const words = useWords()
  const id = useId()
  const [typed, setTyped] = useState('')
  const send = (event: FormEvent) => {
    event.preventDefault()
    if (typed === '') return
    unlock(typed)
    setTyped('')
  }
  return (
    <form onSubmit={send} className="mt-2 flex max-w-md flex-wrap items-end gap-2">
      <div className="min-w-40 grow">
        <label htmlFor={id} className="mb-1 block text-sm font-medium">
          {words('library.password')}
        </label>
        <input
          id={id}
          type="password"
          autoComplete="off"
          maxLength={1024}
          value={typed}
          aria-invalid={wrong}
          onChange={event => setTyped(event.target.value)}
          className={fieldLook}
        />
      </div>
      <Button type="submit" disabled={typed === ''}>
        {action ?? words('library.unlock')}
      </Button>
    </form>
  )
}
