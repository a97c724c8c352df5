import { Button } from '../parts/button.tsx'
import { FormProblem } from '../parts/form-problem.tsx'
import { useSending } from '../parts/sending.ts'
import { useWords } from '../words.tsx'
import { useDoor } from './door.ts'
import { EmailField } from './email-field.tsx'
import { at } from './flow.ts'
import { BackToSignIn, StepFrame } from './step-frame.tsx'

/** Asks for a mail with a link: to sign in, or to choose a new password. What is said then does not tell who has an account. */
export function AskForMail({ what }: { what: 'link' | 'forgot' }) {
  const words = useWords()
  const { client, email, go } = useDoor()
  const { busy, error, send } = useSending()
  const byLink = what === 'link'
  const submit = async () => {
    const asked = { email: email.trim(), language: words.language }
    if (byLink) await client.auth.requestLink(asked)
    else await client.auth.forgotPassword(asked)
    go(at({ name: 'sent', what: byLink ? 'link' : 'reset', email: asked.email }))
  }
  return (
    <StepFrame
      title={words(byLink ? 'enter.linkTitle' : 'enter.forgotTitle')}
      lead={words(byLink ? 'enter.linkLead' : 'enter.forgotLead')}
    >
      <FormProblem error={error} />
      <form
        onSubmit={event => {
          event.preventDefault()
          void send(submit)
        }}
      >
        <EmailField focus />
        <Button look="main" type="submit" disabled={busy} className="mt-6 w-full">
          {words(busy ? 'enter.busy' : 'enter.send')}
        </Button>
      </form>
      <BackToSignIn />
    </StepFrame>
  )
}
