import { ChevronsUpDown, CircleUserRound } from 'lucide-react'
import { useSignOut } from '../account/use-sign-out.ts'
import { useApp } from '../app-context.ts'
import { MenuOf } from '../parts/menu.tsx'
import type { View } from '../route.ts'
import { useStore } from '../store.ts'
import { useWords } from '../words.tsx'

/** Whose screen this is; their account, what they look after, and the way out. */
export function AccountMenu({ current, done }: { current: View; done(): void }) {
  const words = useWords()
  const { account, router } = useApp()
  const { name, email, role } = useStore(account)
  const signOut = useSignOut()
  const go = (view: View) => () => {
    router.go(view)
    done()
  }
  const here = current === 'account' || current === 'administration'
  return (
    <div className="px-3 pb-1">
      <MenuOf
        trigger={
          <button
            type="button"
            aria-label={words('nav.accountOf', { name })}
            className={`flex min-h-10 w-full items-center gap-2.5 rounded-lg px-2 text-left text-sm hover:bg-sunken hover:text-ink ${
              here ? 'bg-accent-soft text-ink' : 'text-soft'
            }`}
          >
            <CircleUserRound aria-hidden className="size-5 shrink-0" />
            <span className="min-w-0 grow truncate" title={email ?? name}>
              {name}
            </span>
            <ChevronsUpDown aria-hidden className="size-4 shrink-0" />
          </button>
        }
        items={[
          { label: words('nav.account'), run: go('account') },
          ...(role === 'member' ? [] : [{ label: words('nav.administration'), run: go('administration') }]),
          { label: words('account.signOut'), run: () => void signOut() },
        ]}
      />
    </div>
  )
}
