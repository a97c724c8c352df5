import type { ReactNode } from 'react'

/** A view of its own: title, a sentence about it, and what belongs to it. */
export function Page({
  title,
  lead,
  actions,
  children,
}: {
  title: string
  lead?: string
  actions?: ReactNode
  children: ReactNode
}) {
  return (
    <div className="mx-auto w-full max-w-4xl px-4 pt-6 pb-24 sm:px-8 md:pt-10">
      <div className="flex flex-wrap items-end justify-between gap-x-6 gap-y-4">
        <div className="max-w-xl min-w-0 grow basis-72">
          <h1 className="font-serif text-xl">{title}</h1>
          {lead && <p className="mt-1.5 text-sm text-soft">{lead}</p>}
        </div>
        {actions && <div className="flex flex-wrap gap-2">{actions}</div>}
      </div>
      {children}
    </div>
  )
}
