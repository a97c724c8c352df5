import { useState } from 'react'
import { useApp } from '../app-context.ts'
import { Button, buttonLook } from '../parts/button.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { Field, fieldLook } from '../parts/field.tsx'
import { FormProblem } from '../parts/form-problem.tsx'
import { SecretField } from '../parts/secret-field.tsx'
import { Section } from '../parts/section.tsx'
import { useSending } from '../parts/sending.ts'
import { useStore } from '../store.ts'
import { useWords } from '../words.tsx'
import { KeepingPart } from './keeping-part.tsx'
import { LeftChats } from './left-chats.tsx'

/** Everything one owns, to take along; for how long it is kept; and the end of the account. */
export function RightsSection() {
  const words = useWords()
  const [erasing, setErasing] = useState(false)
  return (
    <Section
      title={words('account.rights')}
      lead={words('account.rightsLead')}
      actions={
        <a download href="/api/v1/export" className={buttonLook('plain')}>
          {words('account.export')}
        </a>
      }
    >
      <KeepingPart />
      <LeftChats />
      <p className="mt-8">
        <Button look="danger" onClick={() => setErasing(true)}>
          {words('account.erase')}
        </Button>
      </p>
      {erasing && <EraseDialog close={() => setErasing(false)} />}
    </Section>
  )
}

function EraseDialog({ close }: { close(): void }) {
  const words = useWords()
  const { client, account, erased } = useApp()
  const { email, password: has } = useStore(account)
  const [typed, setTyped] = useState('')
  const { busy, error, send } = useSending()
  return (
    <Dialog title={words('account.erase')} lead={words('account.eraseLead')} open close={close}>
      <FormProblem error={error} />
      <form
        onSubmit={event => {
          event.preventDefault()
          void send(async () => erased(await client.auth.delete(has ? { password: typed } : { confirmation: typed })))
        }}
      >
        {has ? (
          <>
            <input type="text" name="email" autoComplete="username" readOnly hidden value={email ?? ''} />
            <SecretField focus label={words('enter.password')} name="password" value={typed} change={setTyped} />
          </>
        ) : (
          <Field label={words('account.eraseConfirm', { email: email ?? '' })}>
            {ids => (
              <input
                {...ids}
                type="text"
                autoComplete="off"
                autoCapitalize="none"
                spellCheck={false}
                value={typed}
                onChange={event => setTyped(event.target.value)}
                className={fieldLook}
              />
            )}
          </Field>
        )}
        <div className="mt-6 flex flex-wrap justify-end gap-3">
          <Button onClick={close}>{words('app.cancel')}</Button>
          <Button look="danger" type="submit" disabled={busy}>
            {words('account.erase')}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
