import type { ButtonHTMLAttributes, ReactNode, Ref } from 'react'

type Look = 'main' | 'plain' | 'quiet' | 'danger'

const looks: Record<Look, string> = {
  main: 'bg-accent text-on-accent hover:opacity-90 px-4',
  plain: 'border border-edge/60 bg-surface text-ink hover:bg-sunken px-4',
  quiet: 'text-soft hover:bg-sunken hover:text-ink px-3',
  danger: 'bg-danger text-surface hover:opacity-90 px-4',
}

export const buttonLook = (look: Look) =>
  `inline-flex min-h-10 items-center justify-center gap-2 rounded-lg text-sm font-medium motion-safe:transition-colors disabled:opacity-50 ${looks[look]}`

export function Button({
  look = 'plain',
  className = '',
  ...rest
}: ButtonHTMLAttributes<HTMLButtonElement> & { look?: Look; ref?: Ref<HTMLButtonElement> }) {
  return <button type="button" className={`${buttonLook(look)} ${className}`} {...rest} />
}

/** A picture alone: its name is said aloud and shown by the browser. */
export function IconButton({
  label,
  children,
  className = '',
  ...rest
}: Omit<ButtonHTMLAttributes<HTMLButtonElement>, 'aria-label' | 'title'> & {
  label: string
  children: ReactNode
  ref?: Ref<HTMLButtonElement>
}) {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      className={`inline-flex size-10 shrink-0 items-center justify-center rounded-lg text-soft motion-safe:transition-colors hover:bg-sunken hover:text-ink disabled:opacity-40 [&>svg]:size-5 ${className}`}
      {...rest}
    >
      {children}
    </button>
  )
}
