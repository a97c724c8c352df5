import { useState } from 'react'
import { toAppError } from '../../shared/errors.ts'
import { Button } from '../parts/button.tsx'
import { FormProblem } from '../parts/form-problem.tsx'
import { useSending } from '../parts/sending.ts'
import { useWords } from '../words.tsx'
import { CodeField } from './code-field.tsx'
import { useDoor } from './door.ts'
import { placeAfter } from './flow.ts'
import { BackToSignIn, StepFrame, TextButton } from './step-frame.tsx'
import { useAdmission } from './use-admission.ts'

/** The code of an app, or a recovery code, after the password. */
export function SecondStep() {
  const words = useWords()
  const { client, go } = useDoor()
  const admit = useAdmission()
  const [kind, setKind] = useState<'totp' | 'recovery'>('totp')
  const [code, setCode] = useState('')
  const [trust, setTrust] = useState(false)
  const { busy, error, send } = useSending()
  const byApp = kind === 'totp'
  const submit = async () => {
    try {
      const plain = byApp ? code.replace(/\s/g, '') : code.trim()
      await admit(await client.auth.secondFactor({ code: plain, kind, trust }))
    } catch (thrown) {
      const place = placeAfter({ name: 'second-factor' }, toAppError(thrown).code, thrown)
      if (!place) throw thrown
      go(place)
    }
  }
  return (
    <StepFrame title={words('enter.secondTitle')} lead={words(byApp ? 'enter.secondLead' : 'enter.secondRecoveryLead')}>
      <FormProblem error={error} />
      <form
        onSubmit={event => {
          event.preventDefault()
          void send(submit)
        }}
      >
        <CodeField key={kind} kind={kind} code={code} change={setCode} />
        <label className="mt-3 inline-flex min-h-10 items-center gap-3 text-sm">
          <input
            type="checkbox"
            checked={trust}
            onChange={event => setTrust(event.target.checked)}
            className="size-5 shrink-0 accent-accent"
          />
          {words('enter.trust')}
        </label>
        <Button look="main" type="submit" disabled={busy} className="mt-5 w-full">
          {words(busy ? 'enter.busy' : 'enter.action')}
        </Button>
      </form>
      <p className="mt-5">
        <TextButton
          run={() => {
            setKind(byApp ? 'recovery' : 'totp')
            setCode('')
          }}
        >
          {words(byApp ? 'enter.useRecovery' : 'enter.useApp')}
        </TextButton>
      </p>
      <BackToSignIn />
    </StepFrame>
  )
}
