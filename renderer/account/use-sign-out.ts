import { useApp } from '../app-context.ts'
import { sentenceOf } from '../parts/problem.tsx'
import { useWords } from '../words.tsx'

/** Ends the session. The page is loaded anew, so that nothing of its user stays in the window. */
export function useSignOut(): () => Promise<void> {
  const words = useWords()
  const { client, router, toasts } = useApp()
  return async () => {
    try {
      await client.auth.logOut()
      router.go('ask', { replace: true })
      location.reload()
    } catch (error) {
      toasts.show(sentenceOf(error, words))
    }
  }
}
