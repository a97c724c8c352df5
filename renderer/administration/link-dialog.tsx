import { CopyButton } from '../account/copy-button.tsx'
import { Button } from '../parts/button.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { useWords } from '../words.tsx'

/** A link that no mail takes to whom it is for. */
export function LinkDialog({ link, close }: { link: string; close(): void }) {
  const words = useWords()
  return (
    <Dialog title={words('administration.linkTitle')} lead={words('administration.linkLead')} open close={close}>
      <p
        data-link
        className="mt-2 rounded-lg border border-line bg-sunken px-4 py-3 font-mono text-sm wrap-anywhere select-all"
      >
        {link}
      </p>
      <div className="mt-6 flex flex-wrap justify-end gap-3">
        <CopyButton text={link} />
        <Button look="main" onClick={close}>
          {words('account.done')}
        </Button>
      </div>
    </Dialog>
  )
}
