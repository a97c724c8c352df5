import { useState } from 'react'
import { useApp } from '../app-context.ts'
import { Button } from '../parts/button.tsx'
import { Field, fieldLook } from '../parts/field.tsx'
import { FormProblem } from '../parts/form-problem.tsx'
import { Section } from '../parts/section.tsx'
import { useSending } from '../parts/sending.ts'
import { useStore } from '../store.ts'
import { useWords } from '../words.tsx'

export function ProfileSection() {
  const words = useWords()
  const { client, account: store, options, toasts } = useApp()
  const account = useStore(store)
  const [name, setName] = useState(account.name)
  const [language, setLanguage] = useState(account.language ?? '')
  const { busy, error, send } = useSending()
  const save = async () => {
    const chosen = language === 'de' || language === 'en' ? { language } : {}
    const changed = await client.auth.update({ name: name.trim(), ...chosen } as Parameters<
      typeof client.auth.update
    >[0])
    store.set(changed)
    setName(changed.name)
    toasts.show(words('account.saved'))
  }
  const changed = name.trim() !== account.name || language !== (account.language ?? '')
  return (
    <Section title={words('account.profile')}>
      <dl className="mt-3 grid max-w-xl grid-cols-[auto_1fr] gap-x-6 gap-y-1.5 text-sm">
        <dt className="text-soft">{words('account.email')}</dt>
        <dd className="min-w-0 wrap-anywhere">
          {account.email}
          {options.mail && !account.emailVerified && (
            <span className="text-soft"> ({words('account.unverified')})</span>
          )}
        </dd>
        <dt className="text-soft">{words('account.role')}</dt>
        <dd>{words(`account.roles.${account.role}`)}</dd>
      </dl>
      <form
        className="max-w-xl"
        onSubmit={event => {
          event.preventDefault()
          void send(save, true)
        }}
      >
        <Field label={words('account.name')}>
          {ids => (
            <input
              {...ids}
              autoComplete="name"
              required
              maxLength={100}
              value={name}
              onChange={event => setName(event.target.value)}
              className={fieldLook}
            />
          )}
        </Field>
        <Field label={words('account.mailLanguage')}>
          {ids => (
            <select {...ids} value={language} onChange={event => setLanguage(event.target.value)} className={fieldLook}>
              {account.language === null && <option value="">{words('account.asUsual')}</option>}
              <option value="de">{words('settings.german')}</option>
              <option value="en">{words('settings.english')}</option>
            </select>
          )}
        </Field>
        <FormProblem error={error} />
        <Button type="submit" className="mt-5" disabled={busy || !changed || name.trim() === ''}>
          {words('app.save')}
        </Button>
      </form>
    </Section>
  )
}
