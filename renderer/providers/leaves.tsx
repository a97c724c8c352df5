import { Globe, Laptop } from 'lucide-react'
import { useWords } from '../words.tsx'

/** Where what a server's model works on goes. */
export function Leaves({ here, host }: { here: boolean; host: string }) {
  const words = useWords()
  const Icon = here ? Laptop : Globe
  return (
    <p className={`flex gap-2 text-sm ${here ? 'text-soft' : 'text-ink'}`}>
      <Icon aria-hidden className="mt-0.5 size-4 shrink-0" />
      <span className="min-w-0 wrap-anywhere">
        {here ? words('providers.here', { host }) : words('providers.leaves', { host })}
      </span>
    </p>
  )
}

/** Empty for what is no address. */
export function hostOf(address: string): string {
  return URL.canParse(address) ? new URL(address).host : ''
}

export function isHere(host: string): boolean {
  return /^(localhost|127(\.\d+){3}|\[::1\])(:\d+)?$/.test(host)
}
