import type { Account } from '../../shared/api/account.ts'
import { useDoor } from './door.ts'
import { at } from './flow.ts'

/** What follows from an answer to signing in: inside, or to the second factor. */
export function useAdmission(): (
  answer: { state: 'logged-in'; account: Account } | { state: 'second-factor' },
) => Promise<void> {
  const { enter, go } = useDoor()
  return async ({ state }) => {
    if (state === 'second-factor') go(at({ name: 'second-factor' }))
    else await enter()
  }
}
