import { useState } from 'react'
import { useApp } from '../app-context.ts'
import { Button } from '../parts/button.tsx'
import { Section } from '../parts/section.tsx'
import { useStore } from '../store.ts'
import { useWords } from '../words.tsx'
import { useAccountReads } from './account-reads.ts'
import { PasswordDialog } from './password-dialog.tsx'
import { RecoveryCodes } from './recovery-codes.tsx'
import { TotpDialog } from './totp-dialog.tsx'

/** Codes of an app, and the codes for when it is lost. */
export function SecondFactorSection() {
  const words = useWords()
  const { client, account, toasts } = useApp()
  const { refresh } = useAccountReads()
  const { secondFactor } = useStore(account)
  const [open, setOpen] = useState<'begin' | 'renew' | 'end' | null>(null)
  const [codes, setCodes] = useState<readonly string[] | null>(null)
  const close = () => setOpen(null)
  const set = (on: boolean) => {
    account.change(now => ({ ...now, secondFactor: on }))
    // This browser's session is another one now.
    refresh('sessions')
  }
  return (
    <Section
      title={words('account.second')}
      lead={words('account.secondLead')}
      actions={
        secondFactor ? (
          <>
            <Button onClick={() => setOpen('renew')}>{words('account.recoveryNew')}</Button>
            <Button onClick={() => setOpen('end')}>{words('account.secondEnd')}</Button>
          </>
        ) : (
          <Button onClick={() => setOpen('begin')}>{words('account.secondBegin')}</Button>
        )
      }
    >
      <p className="mt-3 text-sm font-medium">{words(secondFactor ? 'account.secondOn' : 'account.secondOff')}</p>
      {open === 'begin' && (
        <TotpDialog
          close={close}
          done={made => {
            set(true)
            close()
            setCodes(made)
          }}
        />
      )}
      {open === 'renew' && (
        <PasswordDialog
          title={words('account.recoveryNew')}
          lead={words('account.recoveryNewLead')}
          action={words('account.recoveryMake')}
          close={close}
          run={async password => {
            const { recoveryCodes } = await client.auth.newRecoveryCodes(password)
            close()
            setCodes(recoveryCodes)
          }}
        />
      )}
      {open === 'end' && (
        <PasswordDialog
          title={words('account.secondEnd')}
          lead={words('account.secondEndLead')}
          action={words('account.secondEnd')}
          close={close}
          run={async password => {
            await client.auth.endTotp(password)
            set(false)
            toasts.show(words('account.secondEnded'))
            close()
          }}
        />
      )}
      {codes && <RecoveryCodes codes={codes} close={() => setCodes(null)} />}
    </Section>
  )
}
