import type { ApiModel, ApiOffer } from '../../shared/api/index.ts'
import { Section } from '../parts/section.tsx'
import { useWords } from '../words.tsx'
import { modelName } from './facts.ts'
import { OfferAction, OfferText, type Shelf } from './offer.tsx'

/** For each thing that a model does: the best for this computer, and one button. */
export function Suggestions({ shelf, models }: { shelf: Shelf; models: readonly ApiModel[] }) {
  const words = useWords()
  const best = (role: ApiOffer['role']) => {
    const ofRole = shelf.offers.filter(offer => offer.role === role)
    return ofRole.find(({ recommended }) => recommended) ?? ofRole.find(offer => offer.default)
  }
  const roles = (['chat', 'embedding', 'reranking'] as const).flatMap(role => {
    const offer = best(role)
    // Ranking is an extra: it is suggested only where it is known to be worth it.
    return offer && (role !== 'reranking' || offer.recommended) ? [{ role, offer }] : []
  })
  if (roles.length === 0) return null
  return (
    <Section title={words('models.recommended')}>
      <ul className="mt-4 grid gap-4 md:grid-cols-2">
        {roles.map(({ role, offer }) => {
          const used = models.find(model => model.role === role && model.inUse)
          return (
            <li key={role} className="flex flex-col rounded-2xl border border-line bg-surface px-5 py-4">
              <p className="text-xs font-medium tracking-wide text-soft">{words(`models.for.${role}`)}</p>
              <h3 className="mt-1 font-serif text-lg">{offer.name}</h3>
              <div className="grow">
                <OfferText offer={offer} shelf={shelf} />
              </div>
              {used && used.name !== offer.installed && (
                <p className="mt-3 text-sm text-soft wrap-anywhere">
                  {words('models.usedNow', { name: modelName(used.name) })}
                </p>
              )}
              <div className="mt-4">
                <OfferAction offer={offer} shelf={shelf} main />
              </div>
            </li>
          )
        })}
      </ul>
    </Section>
  )
}
