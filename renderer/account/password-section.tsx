import { useState } from 'react'
import { useApp } from '../app-context.ts'
import { Button } from '../parts/button.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { FormProblem } from '../parts/form-problem.tsx'
import { SecretField } from '../parts/secret-field.tsx'
import { Section } from '../parts/section.tsx'
import { useSending } from '../parts/sending.ts'
import { useStore } from '../store.ts'
import { useWords } from '../words.tsx'
import { useAccountReads } from './account-reads.ts'

export function PasswordSection() {
  const words = useWords()
  const { password } = useStore(useApp().account)
  const [changing, setChanging] = useState(false)
  const change = words(password ? 'account.changePassword' : 'account.setPassword')
  return (
    <Section
      title={words('account.password')}
      lead={words(password ? 'account.passwordSet' : 'account.passwordNone')}
      actions={<Button onClick={() => setChanging(true)}>{change}</Button>}
    >
      {changing && <ChangePassword title={change} close={() => setChanging(false)} />}
    </Section>
  )
}

function ChangePassword({ title, close }: { title: string; close(): void }) {
  const words = useWords()
  const { client, account, options, toasts } = useApp()
  const { refresh } = useAccountReads()
  const { email, password: has } = useStore(account)
  const [current, setCurrent] = useState('')
  const [password, setPassword] = useState('')
  const [everything, setEverything] = useState(false)
  const { busy, error, send } = useSending()
  const save = async () => {
    await client.auth.changePassword({ password, everything, ...(has && { current }) })
    account.change(now => ({ ...now, password: true, github: now.github && !everything }))
    for (const part of ['sessions', 'keys', 'passkeys'] as const) refresh(part)
    toasts.show(words(everything ? 'account.passwordAlone' : 'account.passwordChanged'))
    close()
  }
  return (
    <Dialog title={title} lead={words('account.changeLead')} open close={close}>
      <FormProblem error={error} />
      <form
        onSubmit={event => {
          event.preventDefault()
          void send(save)
        }}
      >
        {/* For programs that keep passwords: whose this one is. */}
        <input type="text" name="email" autoComplete="username" readOnly hidden value={email ?? ''} />
        {has && (
          <SecretField
            focus
            label={words('account.current')}
            name="current-password"
            value={current}
            change={setCurrent}
          />
        )}
        <SecretField
          fresh
          focus={!has}
          label={words('account.new')}
          hint={words('enter.passwordHint', { min: options.passwordLength.min })}
          name="new-password"
          value={password}
          change={setPassword}
        />
        <label className="mt-4 flex min-h-10 items-start gap-3 py-1.5 text-sm">
          <input
            type="checkbox"
            checked={everything}
            onChange={({ target }) => setEverything(target.checked)}
            className="size-5 shrink-0 accent-accent"
          />
          {words('account.changeEverything')}
        </label>
        <div className="mt-6 flex flex-wrap justify-end gap-3">
          <Button onClick={close}>{words('app.cancel')}</Button>
          <Button look="main" type="submit" disabled={busy}>
            {title}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
