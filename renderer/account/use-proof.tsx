import { type ReactNode, useState } from 'react'
import { toAppError } from '../../shared/errors.ts'
import { useApp } from '../app-context.ts'
import { useStore } from '../store.ts'
import { useWords } from '../words.tsx'
import { PasswordDialog } from './password-dialog.tsx'

/**
 * What opens an account for good asks for a password, unless somebody has just signed in. `proven` does it, asks where it must, and does
 * it again; throws `proof-needed` to whoever thought better of it, or has no password. `dialog` stands somewhere on the page.
 */
export function useProof(): { proven(act: () => Promise<void>): Promise<void>; dialog: ReactNode } {
  const words = useWords()
  const { client, account } = useApp()
  const { password: has } = useStore(account)
  const [asking, setAsking] = useState<{ go(): void; leave(): void } | null>(null)
  const proven = async (act: () => Promise<void>) => {
    try {
      await act()
    } catch (error) {
      if (!has || toAppError(error).code !== 'proof-needed') throw error
      await new Promise<void>((go, leave) => setAsking({ go, leave: () => leave(error) }))
      await act()
    }
  }
  const dialog = asking && (
    <PasswordDialog
      title={words('account.proof')}
      lead={words('account.proofLead')}
      action={words('account.next')}
      run={async ({ password = '' }) => {
        await client.auth.prove({ password })
        setAsking(null)
        asking.go()
      }}
      close={() => {
        setAsking(null)
        asking.leave()
      }}
    />
  )
  return { proven, dialog }
}
