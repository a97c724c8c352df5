import { useState } from 'react'
import { useApp } from '../app-context.ts'
import { Button } from '../parts/button.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { FormProblem } from '../parts/form-problem.tsx'
import { SecretField } from '../parts/secret-field.tsx'
import { useSending } from '../parts/sending.ts'
import { useStore } from '../store.ts'
import { useWords } from '../words.tsx'

/** Asks for one's password before something that nobody else is to do at this screen; where there is none, for a click. */
export function PasswordDialog({
  title,
  lead,
  action,
  run,
  close,
}: {
  title: string
  lead: string
  action: string
  run(password: { password?: string }): Promise<void>
  close(): void
}) {
  const words = useWords()
  const { email, password: has } = useStore(useApp().account)
  const [password, setPassword] = useState('')
  const { busy, error, send } = useSending()
  return (
    <Dialog title={title} lead={lead} open close={close}>
      <FormProblem error={error} />
      <form
        onSubmit={event => {
          event.preventDefault()
          void send(() => run(has ? { password } : {}))
        }}
      >
        <input type="text" name="email" autoComplete="username" readOnly hidden value={email ?? ''} />
        {has && (
          <SecretField focus label={words('enter.password')} name="password" value={password} change={setPassword} />
        )}
        <div className="mt-6 flex flex-wrap justify-end gap-3">
          <Button onClick={close}>{words('app.cancel')}</Button>
          <Button look="main" type="submit" disabled={busy}>
            {action}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
