import { useState } from 'react'
import { toAppError } from '../../shared/errors.ts'
import { Button } from '../parts/button.tsx'
import { FormProblem } from '../parts/form-problem.tsx'
import { SecretField } from '../parts/secret-field.tsx'
import { useSending } from '../parts/sending.ts'
import { useWords } from '../words.tsx'
import { useDoor } from './door.ts'
import { at, placeAfter } from './flow.ts'
import { BackToSignIn, StepFrame } from './step-frame.tsx'
import { useAdmission } from './use-admission.ts'

// A link works once, and programs that look through mails open it before its reader does: nothing happens here without a click.

/** An address is confirmed. */
export function VerifyStep({ token }: { token: string }) {
  const words = useWords()
  const { client, go } = useDoor()
  const { busy, error, send } = useSending()
  const confirm = async () => {
    try {
      await client.auth.verifyEmail({ token })
    } catch (thrown) {
      const place = placeAfter({ name: 'verify', token }, toAppError(thrown).code, thrown)
      if (!place) throw thrown
      return go(place)
    }
    go(at({ name: 'sign-in' }, 'enter.verified'))
  }
  return (
    <StepFrame title={words('enter.verifyTitle')} lead={words('enter.verifyLead')} focus>
      <FormProblem error={error} />
      <Button look="main" disabled={busy} className="mt-6 w-full" onClick={() => void send(confirm)}>
        {words(busy ? 'enter.busy' : 'enter.verifyAction')}
      </Button>
      {error !== null && <BackToSignIn />}
    </StepFrame>
  )
}

/** An address is confirmed elsewhere than where it was registered, maybe by somebody else. */
export function VerifyElsewhereStep({ token }: { token: string }) {
  const words = useWords()
  const { client, go } = useDoor()
  const confirm = async (password: string) => {
    await client.auth.verifyEmail({ token, password })
    go(at({ name: 'sign-in' }, 'enter.verified'))
  }
  return (
    <NewPassword
      title={words('enter.verifyTitle')}
      lead={words('enter.verifyElsewhereLead')}
      action={words('enter.verifyAction')}
      run={confirm}
    />
  )
}

export function ResetStep({ token }: { token: string }) {
  const words = useWords()
  const { client, go } = useDoor()
  const reset = async (password: string) => {
    await client.auth.resetPassword({ token, password })
    go(at({ name: 'sign-in' }, 'enter.resetDone'))
  }
  return (
    <NewPassword
      title={words('enter.resetTitle')}
      lead={words('enter.resetLead')}
      action={words('enter.resetAction')}
      run={reset}
    />
  )
}

function NewPassword(step: { title: string; lead: string; action: string; run(password: string): Promise<void> }) {
  const words = useWords()
  const { options } = useDoor()
  const [password, setPassword] = useState('')
  const { busy, error, send } = useSending()
  return (
    <StepFrame title={step.title} lead={step.lead}>
      <FormProblem error={error} />
      <form
        onSubmit={event => {
          event.preventDefault()
          void send(() => step.run(password))
        }}
      >
        <SecretField
          fresh
          focus
          label={words('enter.newPassword')}
          hint={words('enter.passwordHint', { min: options.passwordLength.min })}
          name="new-password"
          value={password}
          change={setPassword}
        />
        <Button look="main" type="submit" disabled={busy} className="mt-6 w-full">
          {busy ? words('enter.busy') : step.action}
        </Button>
      </form>
      {error !== null && <BackToSignIn />}
    </StepFrame>
  )
}

/** Signs in by a link; in another browser than the one that asked for it, only when told twice. */
export function RedeemStep({ token, elsewhere }: { token: string; elsewhere: boolean }) {
  const words = useWords()
  const { client, go } = useDoor()
  const admit = useAdmission()
  const { busy, error, send } = useSending()
  const redeem = async () => {
    try {
      await admit(await client.auth.redeemLink({ token, here: elsewhere }))
    } catch (thrown) {
      const place = placeAfter({ name: 'redeem', token, elsewhere }, toAppError(thrown).code, thrown)
      if (!place) throw thrown
      go(place)
    }
  }
  return (
    <StepFrame
      title={words(elsewhere ? 'enter.elsewhereTitle' : 'enter.redeemTitle')}
      lead={words(elsewhere ? 'enter.elsewhereLead' : 'enter.redeemLead')}
      focus
    >
      <FormProblem error={error} />
      <Button look="main" disabled={busy} className="mt-6 w-full" onClick={() => void send(redeem)}>
        {words(busy ? 'enter.busy' : elsewhere ? 'enter.elsewhereAction' : 'enter.action')}
      </Button>
      {(elsewhere || error !== null) && <BackToSignIn />}
    </StepFrame>
  )
}
