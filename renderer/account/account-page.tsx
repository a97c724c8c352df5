import { useApp } from '../app-context.ts'
import { Button } from '../parts/button.tsx'
import { Page } from '../parts/page.tsx'
import { useWords } from '../words.tsx'
import { AuditSection } from './audit-section.tsx'
import { GitHubSection } from './github-section.tsx'
import { KeysSection } from './keys-section.tsx'
import { PasskeysSection } from './passkeys-section.tsx'
import { PasswordSection } from './password-section.tsx'
import { ProfileSection } from './profile-section.tsx'
import { QuotaSection } from './quota-section.tsx'
import { RightsSection } from './rights-section.tsx'
import { SecondFactorSection } from './second-factor-section.tsx'
import { SessionsSection } from './sessions-section.tsx'
import { useSignOut } from './use-sign-out.ts'

/** Who one is here, how one signs in, and what is signed in. */
export function AccountPage() {
  const words = useWords()
  const { options } = useApp()
  const signOut = useSignOut()
  // A library of one user has none of this.
  if (options.mode === 'local') return <Page title={words('account.title')}>{null}</Page>
  return (
    <Page
      title={words('account.title')}
      lead={words('account.lead')}
      actions={<Button onClick={() => void signOut()}>{words('account.signOut')}</Button>}
    >
      <ProfileSection />
      <PasswordSection />
      <SecondFactorSection />
      {options.passkeys && <PasskeysSection />}
      {options.github && <GitHubSection />}
      <SessionsSection />
      <KeysSection />
      <QuotaSection />
      <AuditSection />
      <RightsSection />
    </Page>
  )
}
