import { type FormEvent, useEffect, useId, useRef, useState } from 'react'
import { useWords } from '../words.tsx'
import { Button } from './button.tsx'
import { fieldLook } from './field.tsx'

/** Asks for the password of a protected document. What was typed is handed on and forgotten here. */
export function PasswordField({
  unlock,
  wrong,
  why,
  focus = false,
  action,
}: {
  unlock(password: string): void
  wrong: boolean
  /** Id of what says why it is asked for. */
  why: string
  /** Takes the keyboard when it appears, unless that is somewhere. */
  focus?: boolean
  action?: string
}) {
  const words = useWords()
  const id = useId()
  const [typed, setTyped] = useState('')
  const field = useRef<HTMLInputElement>(null)
  useEffect(() => {
    if (focus && document.activeElement === document.body) field.current?.focus()
  }, [focus])
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
          ref={field}
          id={id}
          aria-describedby={why}
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
