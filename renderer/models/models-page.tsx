import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { ApiModel, ApiOffer } from '../../shared/api/index.ts'
import { useApp, useProject } from '../app-context.ts'
import { Button } from '../parts/button.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { Link } from '../parts/link.tsx'
import { Page } from '../parts/page.tsx'
import { Loading, Problem } from '../parts/problem.tsx'
import { ProvidersSection } from '../providers/providers-section.tsx'
import { read } from '../queries.ts'
import { useWords } from '../words.tsx'
import { AddingProgress, AddMenu, useAdding } from './adding.tsx'
import { DownloadList } from './download-list.tsx'
import { modelName } from './facts.ts'
import { IndexStatus } from './index-status.tsx'
import { InstalledList } from './installed-list.tsx'
import { MachineLine } from './machine-line.tsx'
import type { Shelf } from './offer.tsx'
import { OfferList } from './offer-list.tsx'
import { Suggestions } from './suggestions.tsx'
import { TakingProgress } from './taking-progress.tsx'
import { useDownloads, useModelActions } from './use-models.ts'

/** All models in one place: what fits this computer, what is here, what servers have. */
export function ModelsPage() {
  const words = useWords()
  const { client, desktop } = useApp()
  const project = useProject()
  const models = useQuery(read.allModels(client, project.id))
  const catalog = useQuery(read.catalog(client))
  const downloads = useDownloads()
  const actions = useModelActions()
  const adding = useAdding()
  /** Another model for meaning means that all documents are gone through again: asked about before. */
  const [asking, setAsking] = useState<{ name: string; go(): void } | null>(null)
  const local = models.data?.models ?? []
  const offers = catalog.data?.models ?? []
  const embedder = local.find(({ role, inUse }) => role === 'embedding' && inUse)

  const use = (model: ApiModel) => {
    const go = () => void actions.use(model)
    if (model.role === 'embedding' && embedder) setAsking({ name: modelName(model.name), go })
    else go()
  }
  const shelf: Shelf = {
    offers,
    downloads: downloads.data ?? [],
    get(offer: ApiOffer) {
      const go = () => void actions.get(offer)
      if (offer.role === 'embedding' && embedder) setAsking({ name: offer.name, go })
      else go()
    },
    use(offer: ApiOffer) {
      const model = local.find(({ name }) => name === offer.installed)
      if (model) use(model)
    },
  }
  return (
    <Page title={words('models.title')} lead={words('models.lead')} actions={<AddMenu adding={adding} />}>
      <p className="mt-2 text-sm">
        <Link view="ledger" className="text-accent underline underline-offset-4">
          {words('nav.ledger')}
        </Link>
      </p>
      {catalog.data && <MachineLine machine={catalog.data.machine} />}
      <AddingProgress adding={adding} />
      {desktop && <TakingProgress desktop={desktop} />}
      <IndexStatus quiet />
      <DownloadList downloads={shelf.downloads} actions={actions} />
      {catalog.isError && <Problem error={catalog.error} retry={() => void catalog.refetch()} />}
      {downloads.isError && !catalog.isError && (
        <Problem error={downloads.error} retry={() => void downloads.refetch()} />
      )}
      {models.isError && !catalog.isError && <Problem error={models.error} retry={() => void models.refetch()} />}
      {catalog.isPending && <Loading />}
      {catalog.data && <Suggestions shelf={shelf} models={local} />}
      {models.data && <InstalledList models={local} offers={offers} actions={actions} use={use} />}
      {catalog.data && offers.length > 0 && <OfferList shelf={shelf} />}
      <ProvidersSection />
      <Dialog
        open={asking !== null}
        title={words('index.ask', { name: asking?.name ?? '' })}
        lead={words('index.askLead', { before: embedder ? modelName(embedder.name) : '' })}
        close={() => setAsking(null)}
      >
        <div className="mt-4 flex flex-wrap justify-end gap-3">
          <Button onClick={() => setAsking(null)}>{words('app.cancel')}</Button>
          <Button
            look="main"
            onClick={() => {
              setAsking(null)
              asking?.go()
            }}
          >
            {words('index.go')}
          </Button>
        </div>
      </Dialog>
    </Page>
  )
}
