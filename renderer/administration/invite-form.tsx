import { useState } from 'react'
import type { ApiUser } from '../../shared/api/index.ts'
import { useApp } from '../app-context.ts'
import { Button } from '../parts/button.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { Field, fieldLook } from '../parts/field.tsx'
import { FormProblem } from '../parts/form-problem.tsx'
import { useSending } from '../parts/sending.ts'
import { useStore } from '../store.ts'
import { useWords } from '../words.tsx'

/** `invited`: with the link where no mail goes out. */
export function InviteForm({ invited, close }: { invited(email: string, link: string | null): void; close(): void }) {
  const words = useWords()
  const { client, account, options } = useApp()
  const me = useStore(account)
  const [email, setEmail] = useState('')
  const [role, setRole] = useState<ApiUser['role']>('member')
  const [language, setLanguage] = useState(words.language)
  const { busy, error, send } = useSending()
  const invite = async () => {
    const made = await client.users.invite({ email: email.trim(), role, language })
    invited(made.invitation.email, made.link)
  }
  return (
    <Dialog title={words('administration.invite')} lead={words('administration.inviteLead')} open close={close}>
      <FormProblem error={error} />
      <form
        onSubmit={event => {
          event.preventDefault()
          void send(invite)
        }}
      >
        <Field label={words('administration.inviteEmail')}>
          {ids => (
            <input
              {...ids}
              type="email"
              autoFocus
              autoComplete="off"
              required
              maxLength={254}
              value={email}
              onChange={event => setEmail(event.target.value)}
              className={fieldLook}
            />
          )}
        </Field>
        <Field label={words('administration.inviteRole')}>
          {ids => (
            <select
              {...ids}
              value={role}
              onChange={event => setRole(event.target.value as ApiUser['role'])}
              className={fieldLook}
            >
              {(['member', 'admin', 'owner'] as const)
                .filter(one => one !== 'owner' || me.role === 'owner')
                .map(one => (
                  <option key={one} value={one}>
                    {words(`administration.roles.${one}`)}
                  </option>
                ))}
            </select>
          )}
        </Field>
        {options.mail && (
          <Field label={words('administration.inviteLanguage')}>
            {ids => (
              <select
                {...ids}
                value={language}
                onChange={event => setLanguage(event.target.value === 'de' ? 'de' : 'en')}
                className={fieldLook}
              >
                <option value="de">{words('settings.german')}</option>
                <option value="en">{words('settings.english')}</option>
              </select>
            )}
          </Field>
        )}
        <div className="mt-6 flex flex-wrap justify-end gap-3">
          <Button onClick={close}>{words('app.cancel')}</Button>
          <Button look="main" type="submit" disabled={busy}>
            {words('administration.inviteAction')}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
