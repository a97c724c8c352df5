import { useState } from 'react'
import { useApp } from '../app-context.ts'
import { Button } from '../parts/button.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { FormProblem } from '../parts/form-problem.tsx'
import { useSending } from '../parts/sending.ts'
import { useWords } from '../words.tsx'
import { CodeField } from './code-field.tsx'
import { PasswordDialog } from './password-dialog.tsx'
import { keyOf } from './secret.ts'

/** Sets codes of an app up: password, key, first code. Nothing holds before the first code. */
export function TotpDialog({ done, close }: { done(recoveryCodes: readonly string[]): void; close(): void }) {
  const words = useWords()
  const { client } = useApp()
  const [made, setMade] = useState<{ uri: string; recoveryCodes: string[] } | null>(null)
  const [code, setCode] = useState('')
  const { busy, error, send } = useSending()
  if (!made)
    return (
      <PasswordDialog
        title={words('account.second')}
        lead={words('account.secondPassword')}
        action={words('account.next')}
        close={close}
        run={async password => setMade(await client.auth.beginTotp(password))}
      />
    )
  const confirm = async () => {
    await client.auth.confirmTotp({ code: code.replace(/\s/g, '') })
    done(made.recoveryCodes)
  }
  return (
    <Dialog title={words('account.second')} lead={words('account.secondKey')} open close={close}>
      <p
        data-totp-key
        className="mt-2 rounded-lg border border-line bg-sunken px-4 py-3 font-mono text-base wrap-anywhere select-all"
      >
        <span className="sr-only">{words('account.keyLabel')}: </span>
        {keyOf(made.uri)}
      </p>
      <p className="mt-3 text-sm">
        <a href={made.uri} className="text-accent underline underline-offset-4">
          {words('account.openApp')}
        </a>
      </p>
      <p className="mt-5 text-sm text-soft">{words('account.secondFirst')}</p>
      <FormProblem error={error} />
      <form
        onSubmit={event => {
          event.preventDefault()
          void send(confirm)
        }}
      >
        <CodeField kind="totp" code={code} change={setCode} />
        <div className="mt-6 flex flex-wrap justify-end gap-3">
          <Button onClick={close}>{words('app.cancel')}</Button>
          <Button look="main" type="submit" disabled={busy}>
            {words('account.turnOn')}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
