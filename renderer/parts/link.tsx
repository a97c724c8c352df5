import type { AnchorHTMLAttributes } from 'react'
import { useApp } from '../app-context.ts'
import { hashOf, type View } from '../route.ts'

/** To another view of this page. With a key held down the browser opens it where it likes. */
export function Link({
  view,
  id,
  query,
  followed,
  ...rest
}: Omit<AnchorHTMLAttributes<HTMLAnchorElement>, 'href' | 'onClick'> & {
  view: View
  id?: string
  query?: Record<string, string>
  /** It was followed inside this page. */
  followed?: () => void
}) {
  const { router } = useApp()
  return (
    <a
      href={hashOf(view, id ?? null, new URLSearchParams(query))}
      onClick={event => {
        if (event.metaKey || event.ctrlKey || event.shiftKey) return
        event.preventDefault()
        router.go(view, { ...(id && { id }), ...(query && { query }) })
        followed?.()
      }}
      {...rest}
    />
  )
}
