import { type ReactNode, useRef } from 'react'
import { Button } from './button.tsx'

/** Opens the browser's choice of files. */
export function FileButton({
  name,
  take,
  children,
  folder = false,
  multiple = false,
  accept,
  ...rest
}: {
  /** What tests find its field by. */
  name: string
  take(files: File[]): void
  children: ReactNode
  /** A folder is chosen, with all that is in it. */
  folder?: boolean
  multiple?: boolean
  accept?: string
  look?: 'main' | 'plain'
  className?: string
  disabled?: boolean
}) {
  const field = useRef<HTMLInputElement>(null)
  return (
    <>
      <Button onClick={() => field.current?.click()} {...rest}>
        {children}
      </Button>
      <input
        ref={field}
        type="file"
        hidden
        multiple={multiple}
        data-picker={name}
        {...(accept && { accept })}
        {...(folder && { webkitdirectory: '' })}
        onChange={({ target }) => {
          const files = [...(target.files ?? [])]
          // The same file may be chosen again.
          target.value = ''
          if (files.length > 0) take(files)
        }}
      />
    </>
  )
}
