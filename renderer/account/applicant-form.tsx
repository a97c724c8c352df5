import { useEffect, useState } from 'react'
import { toAppError } from '../../shared/errors.ts'
import { Button } from '../parts/button.tsx'
import { Field, fieldLook } from '../parts/field.tsx'
import { FormProblem } from '../parts/form-problem.tsx'
import { Loading } from '../parts/problem.tsx'
import { SecretField } from '../parts/secret-field.tsx'
import { useSending } from '../parts/sending.ts'
import { useWords } from '../words.tsx'
import { useDoor } from './door.ts'
import { EmailField } from './email-field.tsx'
import { at } from './flow.ts'
import { BackToSignIn, StepFrame } from './step-frame.tsx'
import { useAdmission } from './use-admission.ts'

type Way =
  | { kind: 'register' }
  | { kind: 'set-up'; token: string }
  | { kind: 'invitation'; token: string; email: string; inviter: string | null; expiresAt: number }

/** Makes an account: one's own, by an invitation, or the first of all. */
export function ApplicantForm({ way }: { way: Way }) {
  const words = useWords()
  const { client, options, email: typed, setEmail, go } = useDoor()
  const admit = useAdmission()
  const [name, setName] = useState('')
  const [password, setPassword] = useState('')
  const { busy, error, send } = useSending()
  const email = way.kind === 'invitation' ? way.email : typed.trim()

  const submit = async () => {
    const applicant = { email, password, language: words.language, ...(name.trim() && { name: name.trim() }) }
    if (way.kind === 'set-up') return admit(await client.auth.redeemSetUp({ ...applicant, token: way.token }))
    const invited = way.kind === 'invitation' && { invitation: way.token }
    const { state } = await client.auth.register({ ...applicant, ...invited })
    setEmail(email)
    if (state === 'confirm') return go(at({ name: 'sent', what: 'confirm', email }))
    try {
      await admit(await client.auth.logIn({ email, password }))
    } catch (thrown) {
      // There was an account with this address before: nobody is told so here.
      if (toAppError(thrown).code === 'log-in-failed')
        return go({ step: { name: 'sign-in' }, notice: null, error: thrown })
      throw thrown
    }
  }
  const { title, lead } = saidOf(way)
  return (
    <StepFrame title={words(title)} lead={lead(words)}>
      <FormProblem error={error} />
      <form
        onSubmit={event => {
          event.preventDefault()
          void send(submit)
        }}
      >
        {way.kind === 'invitation' ? <EmailField fixed={way.email} /> : <EmailField focus />}
        <Field label={words('enter.name')} hint={words('enter.nameHint')}>
          {ids => (
            <input
              {...ids}
              name="name"
              autoComplete="name"
              maxLength={100}
              // biome-ignore lint/a11y/noAutofocus: the first field that can be filled in
              autoFocus={way.kind === 'invitation'}
              value={name}
              onChange={event => setName(event.target.value)}
              className={fieldLook}
            />
          )}
        </Field>
        <SecretField
          fresh
          label={words('enter.password')}
          hint={words('enter.passwordHint', { min: options.passwordLength.min })}
          name="new-password"
          value={password}
          change={setPassword}
        />
        <Button look="main" type="submit" disabled={busy} className="mt-6 w-full">
          {words(busy ? 'enter.busy' : way.kind === 'set-up' ? 'enter.setUpAction' : 'enter.registerAction')}
        </Button>
      </form>
      {way.kind !== 'set-up' && <BackToSignIn label={words('enter.known')} />}
    </StepFrame>
  )
}

function saidOf(way: Way) {
  type Say = ReturnType<typeof useWords>
  if (way.kind === 'register') return { title: 'enter.registerTitle', lead: () => null } as const
  if (way.kind === 'set-up')
    return { title: 'enter.setUpTitle', lead: (words: Say) => words('enter.setUpLead') } as const
  const { inviter, expiresAt } = way
  return {
    title: 'enter.invitationTitle',
    lead: (words: Say) =>
      `${inviter ? words('enter.invitedBy', { name: inviter }) : words('enter.invited')} ${words(
        'enter.invitationLead',
        { date: words.date(expiresAt) },
      )}`,
  } as const
}

/** Looks first for whom the invitation is, and whether it still holds. */
export function InvitationForm({ token }: { token: string }) {
  const words = useWords()
  const { client } = useDoor()
  const [found, setFound] = useState<Extract<Way, { kind: 'invitation' }>>()
  const [error, setError] = useState<unknown>(null)
  useEffect(() => {
    client.auth
      .readInvitation({ token })
      .then(({ email, inviter, expiresAt }) => setFound({ kind: 'invitation', token, email, inviter, expiresAt }))
      .catch(setError)
  }, [client, token])
  if (found) return <ApplicantForm way={found} />
  return (
    <StepFrame title={words('enter.invitationTitle')}>
      {error === null ? <Loading /> : <FormProblem error={error} />}
      {error !== null && <BackToSignIn />}
    </StepFrame>
  )
}
