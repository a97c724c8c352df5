import { useState } from 'react'
import type { ApiModel, ApiOffer } from '../../shared/api/index.ts'
import { Confirm } from '../parts/dialog.tsx'
import { Menu } from '../parts/menu.tsx'
import { Section } from '../parts/section.tsx'
import { useWords } from '../words.tsx'
import { modelFacts } from './facts.ts'
import { Badge } from './offer.tsx'
import type { ModelActions } from './use-models.ts'

/** The files that are here. */
export function InstalledList({
  models,
  offers,
  actions,
  use,
}: {
  models: readonly ApiModel[]
  offers: readonly ApiOffer[]
  actions: ModelActions
  use(model: ApiModel): void
}) {
  const words = useWords()
  const [removing, setRemoving] = useState<ApiModel | null>(null)
  return (
    <Section title={words('models.installed')}>
      {models.length === 0 ? (
        <div className="mt-4 rounded-2xl border border-line bg-surface px-6 py-6">
          <p className="font-serif text-lg">{words('models.none')}</p>
          <p className="read-measure mt-2 text-sm text-soft">{words('models.noneLead')}</p>
        </div>
      ) : (
        <ul aria-label={words('models.list')} className="mt-4 divide-y divide-line border-y border-line">
          {models.map(model => {
            const offer = offers.find(({ installed }) => installed === model.name)
            return (
              <li key={model.name} data-model={model.name} className="flex items-start gap-4 py-3">
                <div className="min-w-0 grow">
                  <p className="font-medium wrap-anywhere">{offer?.name ?? model.name}</p>
                  {offer && <p className="text-xs wrap-anywhere text-soft">{model.name}</p>}
                  <p className="text-sm text-soft">
                    {modelFacts(model, words).join(' · ')}
                    {model.inUse && offer?.fit && (
                      <> · {words('models.memoryNeed', { size: words.size(offer.fit.need) })}</>
                    )}
                  </p>
                  {model.problem && <p className="mt-1 text-sm text-danger">{words.explain(model.problem)}</p>}
                  {model.source === 'setting' && <p className="mt-1 text-xs text-soft">{words('models.setting')}</p>}
                </div>
                {model.inUse && <Badge>{words('models.inUse')}</Badge>}
                <Menu
                  label={words('models.actions', { name: model.name })}
                  items={[
                    ...(canTakeOver(model, models) ? [{ label: words('models.use'), run: () => use(model) }] : []),
                    { label: words('models.verify'), run: () => void actions.verify(model) },
                    ...(model.source === 'folder'
                      ? [{ label: words('models.remove'), run: () => setRemoving(model), danger: true }]
                      : []),
                  ]}
                />
              </li>
            )
          })}
        </ul>
      )}
      <Confirm
        open={removing !== null}
        title={words('models.removeAsk', { name: removing?.name ?? '' })}
        lead={words(
          removing?.inUse && removing.role === 'chat'
            ? 'models.removeUsed'
            : removing?.inUse && removing.role === 'embedding'
              ? 'models.removeMeaning'
              : 'models.removeLead',
        )}
        action={words('models.remove')}
        close={() => setRemoving(null)}
        confirm={() => removing && void actions.remove(removing)}
      />
    </Section>
  )
}

/** Whether it could do the work of its role instead: one that the environment names goes before all others. */
export function canTakeOver({ role, inUse, problem, source }: ApiModel, models: readonly ApiModel[]): boolean {
  const given = models.some(other => other.role === role && other.source === 'setting')
  return role !== null && !inUse && !problem && source === 'folder' && !given
}
