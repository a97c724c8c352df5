import { Fingerprint, Mail } from 'lucide-react'
import type { ReactNode } from 'react'
import { useState } from 'react'
import { Button } from '../parts/button.tsx'
import { FormProblem } from '../parts/form-problem.tsx'
import { SecretField } from '../parts/secret-field.tsx'
import { useSending } from '../parts/sending.ts'
import { useWords } from '../words.tsx'
import { useDoor } from './door.ts'
import { EmailField } from './email-field.tsx'
import { at } from './flow.ts'
import { askPasskey, passkeysWork } from './passkeys.ts'
import { TextButton } from './step-frame.tsx'
import { useAdmission } from './use-admission.ts'

export function SignInForm({ error: before }: { error: unknown }) {
  const words = useWords()
  const { client, options, email, go } = useDoor()
  const admit = useAdmission()
  const [password, setPassword] = useState('')
  const { busy, error, send } = useSending(before)
  const withPasskey = async () => {
    const response = await askPasskey(await client.auth.beginPasskeyLogIn())
    await admit(await client.auth.passkeyLogIn({ response }))
  }
  return (
    <>
      <FormProblem error={error} />
      <form
        onSubmit={event => {
          event.preventDefault()
          void send(async () => admit(await client.auth.logIn({ email: email.trim(), password })))
        }}
      >
        {/* Whoever is known has only the password left to type. */}
        <EmailField focus={email === ''} />
        <SecretField
          label={words('enter.password')}
          name="password"
          value={password}
          change={setPassword}
          focus={email !== ''}
        />
        <Button look="main" type="submit" disabled={busy} className="mt-6 w-full">
          {words(busy ? 'enter.busy' : 'enter.action')}
        </Button>
      </form>
      {options.mail && (
        <p className="mt-3">
          <TextButton run={() => go(at({ name: 'forgot' }))}>{words('enter.forgot')}</TextButton>
        </p>
      )}
      <OtherWays>
        {options.mail && (
          <Button disabled={busy} className="w-full" onClick={() => go(at({ name: 'link' }))}>
            <Mail aria-hidden className="size-4" />
            {words('enter.link')}
          </Button>
        )}
        {options.passkeys && passkeysWork() && (
          <Button disabled={busy} className="w-full" onClick={() => void send(withPasskey)}>
            <Fingerprint aria-hidden className="size-4" />
            {words('enter.passkey')}
          </Button>
        )}
        {options.github && (
          <Button
            disabled={busy}
            className="w-full"
            onClick={() => void send(async () => location.assign((await client.auth.beginGitHub()).url))}
          >
            {words('enter.gitHub')}
          </Button>
        )}
      </OtherWays>
      <div className="mt-8 border-t border-line pt-5 text-sm text-pretty text-soft">
        {options.registration === 'open' ? (
          <TextButton run={() => go(at({ name: 'register' }))}>{words('enter.register')}</TextButton>
        ) : (
          <p>{words(options.registration === 'invite' ? 'enter.byInvitation' : 'enter.closed')}</p>
        )}
        {!options.mail && <p className="mt-3">{words('enter.mailOff')}</p>}
      </div>
    </>
  )
}

/** Below a line with “or”; nothing where there is no other way. */
function OtherWays({ children }: { children: ReactNode[] }) {
  const words = useWords()
  if (!children.some(Boolean)) return null
  return (
    <>
      <div className="mt-6 flex items-center gap-3 text-sm text-soft">
        <span className="h-px grow bg-line" />
        {words('enter.or')}
        <span className="h-px grow bg-line" />
      </div>
      <div className="mt-4 space-y-2.5">{children}</div>
    </>
  )
}
