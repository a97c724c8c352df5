import type { ReactNode } from 'react'

export function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="mt-8 max-w-xl border-t border-line pt-6">
      <h2 className="mb-2 font-medium">{title}</h2>
      {children}
    </section>
  )
}
