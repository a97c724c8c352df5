import { useState } from 'react'
import type { ApiOffer } from '../../shared/api/index.ts'
import { Button } from '../parts/button.tsx'
import { fieldLook, Select } from '../parts/field.tsx'
import { Section } from '../parts/section.tsx'
import { useWords } from '../words.tsx'
import { OfferAction, OfferText, type Shelf } from './offer.tsx'

/** Of long lists; a filter is worth its room from here on. */
const firstShown = 20

const roles = ['chat', 'embedding', 'reranking'] as const

/** All models that can be had by name. */
export function OfferList({ shelf }: { shelf: Shelf }) {
  const words = useWords()
  const [role, setRole] = useState<ApiOffer['role'] | null>(null)
  const [fitting, setFitting] = useState(false)
  const [wanted, setWanted] = useState('')
  const [all, setAll] = useState(false)
  const parts = wanted.toLocaleLowerCase(words.language).split(/\s+/).filter(Boolean)
  const found = shelf.offers.filter(
    offer =>
      (role === null || offer.role === role) &&
      (!fitting || offer.fit?.fits !== 'no') &&
      parts.every(part => `${offer.name} ${offer.file}`.toLocaleLowerCase(words.language).includes(part)),
  )
  const shown = all ? found : found.slice(0, firstShown)
  return (
    <Section title={words('models.offers')} lead={words('models.offersLead', { host: shelf.offers[0]?.host ?? '' })}>
      <div className="mt-4 flex flex-wrap items-center gap-x-4 gap-y-2">
        <label className="min-w-40 grow basis-56">
          <span className="sr-only">{words('models.find')}</span>
          <input
            type="search"
            value={wanted}
            placeholder={words('models.find')}
            onChange={event => setWanted(event.target.value)}
            className={fieldLook}
          />
        </label>
        <Select
          label={words('models.filter')}
          hideLabel
          value={role ?? ''}
          options={[
            { value: '', label: words('models.allRoles') },
            ...roles.map(one => ({ value: one, label: words(`models.role.${one}`) })),
          ]}
          choose={value => setRole(value === '' ? null : (value as ApiOffer['role']))}
        />
        <label className="inline-flex min-h-10 items-center gap-2.5 text-sm">
          <input
            type="checkbox"
            checked={fitting}
            onChange={event => setFitting(event.target.checked)}
            className="size-5 accent-accent"
          />
          {words('models.onlyFitting')}
        </label>
      </div>
      <p role="status" className="mt-3 text-sm text-soft">
        {found.length === 0 ? words('models.noneFound') : words('models.found', { count: found.length })}
      </p>
      <ul aria-label={words('models.offers')} className="mt-2 divide-y divide-line border-y border-line">
        {shown.map(offer => (
          <li key={offer.id} data-offer={offer.id} className="flex flex-wrap items-start gap-x-6 gap-y-3 py-4">
            <div className="min-w-0 grow basis-80">
              <h3 className="font-medium wrap-anywhere">
                {offer.name} <span className="text-sm font-normal text-soft">{words(`models.role.${offer.role}`)}</span>
              </h3>
              <OfferText offer={offer} shelf={shelf} />
            </div>
            <OfferAction offer={offer} shelf={shelf} />
          </li>
        ))}
      </ul>
      {shown.length < found.length && (
        <Button className="mt-4" onClick={() => setAll(true)}>
          {words('models.showAll', { count: found.length })}
        </Button>
      )}
    </Section>
  )
}
