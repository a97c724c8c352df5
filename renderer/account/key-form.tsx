import { useState } from 'react'
import type { KeyScope } from '../../shared/api/account.ts'
import { useApp } from '../app-context.ts'
import { Button } from '../parts/button.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { Field, fieldLook } from '../parts/field.tsx'
import { FormProblem } from '../parts/form-problem.tsx'
import { useSending } from '../parts/sending.ts'
import { useStore } from '../store.ts'
import { useWords } from '../words.tsx'
import { useProof } from './use-proof.tsx'

const scopes: readonly KeyScope[] = ['read', 'ask', 'write', 'admin']
const day = 24 * 60 * 60 * 1000

/** What a new key is called, what it may do, and how long it holds. */
export function KeyForm({ made, close }: { made(key: string): void; close(): void }) {
  const words = useWords()
  const { client, account } = useApp()
  const { role } = useStore(account)
  const [name, setName] = useState('')
  const [chosen, setChosen] = useState<readonly KeyScope[]>(['read', 'ask'])
  const [days, setDays] = useState('90')
  const { busy, error, send } = useSending()
  const { proven, dialog } = useProof()
  const add = async () => {
    const expiresAt = days === '' ? null : Date.now() + Number(days) * day
    await proven(async () => {
      const { key } = await client.auth.addKey({ name: name.trim(), scopes: [...chosen], expiresAt })
      made(key)
    })
  }
  return (
    <Dialog title={words('account.keyAdd')} open close={close}>
      <FormProblem error={error} />
      <form
        onSubmit={event => {
          event.preventDefault()
          void send(add)
        }}
      >
        <Field label={words('account.keyName')} hint={words('account.keyNameHint')}>
          {ids => (
            <input
              {...ids}
              autoFocus
              required
              maxLength={100}
              autoComplete="off"
              value={name}
              onChange={event => setName(event.target.value)}
              className={fieldLook}
            />
          )}
        </Field>
        <fieldset className="mt-4">
          <legend className="text-sm font-medium">{words('account.keyMay')}</legend>
          {scopes
            .filter(scope => scope !== 'admin' || role !== 'member')
            .map(scope => (
              <label key={scope} className="flex min-h-10 items-start gap-3 py-1.5 text-sm">
                <input
                  type="checkbox"
                  checked={chosen.includes(scope)}
                  onChange={({ target }) =>
                    setChosen(before => (target.checked ? [...before, scope] : before.filter(one => one !== scope)))
                  }
                  className="size-5 shrink-0 accent-accent"
                />
                {words(`account.scopes.${scope}`)}
              </label>
            ))}
        </fieldset>
        <Field label={words('account.keyExpires')}>
          {ids => (
            <select {...ids} value={days} onChange={event => setDays(event.target.value)} className={fieldLook}>
              <option value="30">{words('account.keyDays', { count: 30 })}</option>
              <option value="90">{words('account.keyDays', { count: 90 })}</option>
              <option value="365">{words('account.keyYear')}</option>
              <option value="">{words('account.keyNever')}</option>
            </select>
          )}
        </Field>
        <div className="mt-6 flex flex-wrap justify-end gap-3">
          <Button onClick={close}>{words('app.cancel')}</Button>
          <Button look="main" type="submit" disabled={busy || chosen.length === 0 || name.trim() === ''}>
            {words('account.keyMake')}
          </Button>
        </div>
      </form>
      {dialog}
    </Dialog>
  )
}
