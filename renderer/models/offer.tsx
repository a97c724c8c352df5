import { CircleAlert, CircleCheck, CircleX } from 'lucide-react'
import type { ApiDownload, ApiOffer } from '../../shared/api/index.ts'
import { Button } from '../parts/button.tsx'
import { useWords } from '../words.tsx'
import { isSlow, offerFacts } from './facts.ts'

/** What the parts that show offers share. */
export interface Shelf {
  offers: readonly ApiOffer[]
  downloads: readonly ApiDownload[]
  /** A file comes; an embedding model is asked about first. */
  get(offer: ApiOffer): void
  use(offer: ApiOffer): void
}

/** What a model is good for, what it takes, and whether it fits. */
export function OfferText({ offer, shelf }: { offer: ApiOffer; shelf: Shelf }) {
  const words = useWords()
  return (
    <>
      <p className="read-measure mt-1 text-sm text-pretty">{offer.goodFor[words.language]}</p>
      <p className="mt-1.5 text-sm text-soft">{offerFacts(offer, words).join(' · ')}</p>
      <Verdict offer={offer} shelf={shelf} />
    </>
  )
}

function Verdict({ offer, shelf }: { offer: ApiOffer; shelf: Shelf }) {
  const words = useWords()
  const { fit } = offer
  if (!fit) return <p className="mt-1.5 text-sm text-soft">{words('models.fitUnknown')}</p>
  if (fit.fits === 'no') {
    const smaller = shelf.offers.find(({ id }) => id === fit.smaller)
    return (
      <div className="mt-1.5 text-sm">
        <p className="flex gap-2 text-danger">
          <CircleX aria-hidden className="mt-0.5 size-4 shrink-0" />
          <span>
            {words('models.tooLarge', { need: words.size(fit.need), free: words.size(fit.free) })}{' '}
            {smaller && words('models.smaller', { name: smaller.name })}
          </span>
        </p>
      </div>
    )
  }
  const good = fit.fits === 'well' && !isSlow(offer)
  const Icon = good ? CircleCheck : CircleAlert
  return (
    <p className={`mt-1.5 flex gap-2 text-sm ${good ? 'text-accent' : 'text-ink'}`}>
      <Icon aria-hidden className="mt-0.5 size-4 shrink-0" />
      <span>
        {fit.fits === 'well'
          ? words(good ? 'models.well' : 'models.wellSlow')
          : words(offer.role === 'chat' ? 'models.tightText' : 'models.tight', { context: fit.contextSize })}
      </span>
    </p>
  )
}

/** The one thing to do with it now. */
export function OfferAction({ offer, shelf, main = false }: { offer: ApiOffer; shelf: Shelf; main?: boolean }) {
  const words = useWords()
  const { name, file, installed, inUse, size, fit } = offer
  const download = shelf.downloads.find(one => one.name === file)
  if (inUse) return <Badge>{words('models.inUse')}</Badge>
  if (installed)
    return (
      <Button onClick={() => shelf.use(offer)}>
        {words('models.use')}
        <span className="sr-only">{name}</span>
      </Button>
    )
  if (download) {
    const share = download.size ? Math.floor((100 * download.received) / download.size) : 0
    return (
      <Badge quiet>
        {words(download.state === 'failed' ? 'models.stopped' : 'models.onItsWay', { percent: share })}
      </Badge>
    )
  }
  const tooLarge = fit?.fits === 'no'
  return (
    <Button look={tooLarge ? 'quiet' : main ? 'main' : 'plain'} onClick={() => shelf.get(offer)}>
      {words(tooLarge ? 'models.getAnyway' : 'models.get')}
      <span className="sr-only">{name}</span>
      {size !== null && !tooLarge && <span className="font-normal opacity-80">{words.size(size)}</span>}
    </Button>
  )
}

export function Badge({ children, quiet = false }: { children: React.ReactNode; quiet?: boolean }) {
  return (
    <span
      className={`inline-flex min-h-8 shrink-0 items-center whitespace-nowrap rounded-lg px-3 text-sm font-medium ${quiet ? 'bg-sunken text-soft' : 'bg-accent-soft text-accent'}`}
    >
      {children}
    </span>
  )
}
