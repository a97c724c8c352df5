import { useState } from 'react'

/** A form on its way: whether it is, and why it came back. */
export function useSending(before: unknown = null): {
  busy: boolean
  error: unknown
  /** Leaves it busy when it has arrived: what comes then takes the form's place. `kept`: the form stays, and may be sent again. */
  send(act: () => Promise<void>, kept?: boolean): Promise<void>
} {
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState(before)
  return {
    busy,
    error,
    async send(act, kept = false) {
      if (busy) return
      setBusy(true)
      setError(null)
      try {
        await act()
        if (kept) setBusy(false)
      } catch (thrown) {
        setError(thrown)
        setBusy(false)
      }
    },
  }
}
