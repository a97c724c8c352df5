import { useApp } from '../app-context.ts'
import { Button } from '../parts/button.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { useWords } from '../words.tsx'
import { CopyButton } from './copy-button.tsx'

/** Shown once: to be copied, saved or written down. */
export function RecoveryCodes({ codes, close }: { codes: readonly string[]; close(): void }) {
  const words = useWords()
  const { toasts } = useApp()
  const text = `${codes.join('\n')}\n`
  const save = () => {
    const url = URL.createObjectURL(new Blob([text], { type: 'text/plain' }))
    const link = Object.assign(document.createElement('a'), { href: url, download: words('account.recoveryFile') })
    link.click()
    setTimeout(() => URL.revokeObjectURL(url), 60_000)
    toasts.show(words('account.saved'))
  }
  return (
    <Dialog title={words('account.recovery')} lead={words('account.recoveryLead')} open close={close}>
      <ul
        aria-label={words('account.recovery')}
        className="mt-2 grid gap-x-8 gap-y-1.5 rounded-lg border border-line bg-sunken px-4 py-3 font-mono text-base select-all sm:grid-cols-2"
      >
        {codes.map(code => (
          <li key={code}>{code}</li>
        ))}
      </ul>
      <div className="mt-6 flex flex-wrap justify-end gap-3">
        <CopyButton text={text} />
        <Button onClick={save}>{words('account.download')}</Button>
        <Button look="main" onClick={close}>
          {words('account.kept')}
        </Button>
      </div>
    </Dialog>
  )
}
