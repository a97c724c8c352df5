import { X } from 'lucide-react'
import { Dialog as Radix } from 'radix-ui'
import type { ReactNode } from 'react'
import { useWords } from '../words.tsx'
import { Button, IconButton } from './button.tsx'

export function Dialog({
  title,
  lead,
  open,
  close,
  children,
}: {
  title: string
  lead?: string | undefined
  open: boolean
  close(): void
  children: ReactNode
}) {
  const words = useWords()
  return (
    <Radix.Root open={open} onOpenChange={now => !now && close()}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-40 bg-shade" />
        <Radix.Content
          {...(lead === undefined && { 'aria-describedby': undefined })}
          className="fixed top-1/2 left-1/2 z-50 flex max-h-[calc(100dvh-2rem)] w-[calc(100vw-2rem)] max-w-xl -translate-x-1/2 -translate-y-1/2 flex-col rounded-2xl border border-line bg-surface shadow-lift"
        >
          <div className="flex items-start gap-4 px-6 pt-5 pb-2">
            <div className="min-w-0 grow">
              <Radix.Title className="font-serif text-lg">{title}</Radix.Title>
              {lead !== undefined && <Radix.Description className="mt-1 text-sm text-soft">{lead}</Radix.Description>}
            </div>
            <Radix.Close asChild>
              <IconButton label={words('app.close')} className="-mt-1 -mr-2">
                <X aria-hidden />
              </IconButton>
            </Radix.Close>
          </div>
          <div className="min-h-0 overflow-y-auto px-6 pt-2 pb-6">{children}</div>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  )
}

/** Asks before what cannot be undone. */
export function Confirm({
  title,
  lead,
  action,
  open,
  close,
  confirm,
}: {
  title: string
  lead: string
  action: string
  open: boolean
  close(): void
  confirm(): void
}) {
  const words = useWords()
  return (
    <Dialog title={title} lead={lead} open={open} close={close}>
      <div className="mt-4 flex flex-wrap justify-end gap-3">
        <Button onClick={close}>{words('app.cancel')}</Button>
        <Button
          look="danger"
          onClick={() => {
            close()
            confirm()
          }}
        >
          {action}
        </Button>
      </div>
    </Dialog>
  )
}
