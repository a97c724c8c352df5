import { useState } from 'react'
import { Button } from '../parts/button.tsx'
import { useWords } from '../words.tsx'

/** Says on itself that it has copied: a word at the edge of the page would lie under the dialog. */
export function CopyButton({ text, label }: { text: string; label?: string }) {
  const words = useWords()
  const [state, setState] = useState<'copied' | 'failed' | null>(null)
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text)
      setState('copied')
    } catch {
      setState('failed')
    }
  }
  return (
    <>
      <Button onClick={() => void copy()}>{label ?? words('account.copy')}</Button>
      <span role="status" className={`self-center text-sm text-soft ${state === null ? 'sr-only' : ''}`}>
        {state && words(state === 'copied' ? 'account.copied' : 'account.copyFailed')}
      </span>
    </>
  )
}
