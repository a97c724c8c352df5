import { useMemo, useState } from 'react'
import type { Client } from '../../shared/api/client.ts'
import { Button } from '../parts/button.tsx'
import { Select } from '../parts/field.tsx'
import type { Preferences } from '../preferences.ts'
import { useWords } from '../words.tsx'
import { ApplicantForm, InvitationForm } from './applicant-form.tsx'
import { type Door, DoorContext, useDoor, type Visitor } from './door.ts'
import { firstPlace, gitHubRefusal, type Place } from './flow.ts'
import { RedeemStep, ResetStep, VerifyElsewhereStep, VerifyStep } from './link-steps.tsx'
import { AskForMail } from './mail-form.tsx'
import { SecondStep } from './second-step.tsx'
import { SignInForm } from './sign-in-form.tsx'
import { BackToSignIn, StepFrame } from './step-frame.tsx'

/** The door of a server with accounts. */
export function SignInPage({
  visitor,
  client,
  preferences,
  enter,
}: {
  visitor: Visitor
  client: Client
  preferences: Preferences
  enter(): Promise<void>
}) {
  const words = useWords()
  const { options, arrival, refusal, before } = visitor
  const [place, go] = useState<Place>(() => ({
    ...firstPlace(arrival, options),
    ...(refusal !== null && { notice: gitHubRefusal(refusal) }),
  }))
  const [email, setEmail] = useState(before?.email ?? '')
  const door = useMemo<Door>(
    () => ({ ...visitor, client, preferences, enter, email, setEmail, go }),
    [visitor, client, preferences, enter, email],
  )
  return (
    <DoorContext value={door}>
      <div className="flex min-h-dvh flex-col">
        <main className="mx-auto w-full max-w-md grow px-5 pt-[8vh] pb-10">
          <img src="/icon.svg" alt="" className="size-11" />
          <Step {...place} />
        </main>
        <footer className="mx-auto w-full max-w-md px-5 pb-6">
          <Select
            label={words('enter.language')}
            value={words.language}
            options={[
              { value: 'de', label: words('settings.german') },
              { value: 'en', label: words('settings.english') },
            ]}
            // Only here: nobody knows yet whose choice it is.
            choose={language =>
              void preferences.adopt({ ...preferences.values.get(), language: language === 'de' ? 'de' : 'en' })
            }
          />
        </footer>
      </div>
    </DoorContext>
  )
}

/** Each by its own component, so that a new one begins with nothing of the one before. */
function Step({ step, notice, error }: Place) {
  const words = useWords()
  const { before } = useDoor()
  switch (step.name) {
    case 'second-factor':
      return <SecondStep />
    case 'link':
    case 'forgot':
      return <AskForMail key={step.name} what={step.name} />
    case 'sent': {
      const said = { link: 'enter.sentLink', reset: 'enter.sentReset', confirm: 'enter.sentConfirm' } as const
      return (
        <StepFrame title={words('enter.sentTitle')} lead={words(said[step.what], { email: step.email })} focus>
          <p className="mt-4 text-sm text-soft">{words('enter.sentMissing')}</p>
          <BackToSignIn />
        </StepFrame>
      )
    }
    case 'register':
      return <ApplicantForm way={{ kind: 'register' }} />
    case 'set-up':
      return <ApplicantForm way={{ kind: 'set-up', token: step.token }} />
    case 'invitation':
      return <InvitationForm token={step.token} />
    case 'verify':
      return <VerifyStep token={step.token} />
    case 'verify-elsewhere':
      return <VerifyElsewhereStep token={step.token} />
    case 'reset':
      return <ResetStep token={step.token} />
    case 'redeem':
      return <RedeemStep key={String(step.elsewhere)} token={step.token} elsewhere={step.elsewhere} />
    case 'not-set-up':
      return (
        <StepFrame title={words('enter.notSetUpTitle')} lead={words('enter.notSetUp')}>
          <p className="mt-4 overflow-x-auto rounded-lg border border-line bg-surface px-4 py-3 font-mono text-sm">
            {words('enter.notSetUpExample', { origin: location.origin })}
          </p>
          <Button className="mt-6" onClick={() => location.reload()}>
            {words('enter.notSetUpAgain')}
          </Button>
        </StepFrame>
      )
    default:
      return (
        <StepFrame
          title={words(before ? 'enter.again' : 'enter.title')}
          lead={before ? words('enter.againLead') : null}
          notice={notice && words(notice)}
        >
          <SignInForm error={error} />
        </StepFrame>
      )
  }
}
