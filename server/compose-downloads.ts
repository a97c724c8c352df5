/** Downloads of models, through the way out and into their folder. */
import { AppError } from '../shared/errors.ts'
import { createDownloads, type Downloads } from '../shared/models/download.ts'
import type { Trust } from '../shared/models/download-source.ts'
import { createModelFiles } from '../shared/models/files.ts'
import { checkBeginning } from '../shared/models/gguf/check-beginning.ts'
import { describeModel } from '../shared/models/gguf/describe.ts'
import { sourceOf } from '../shared/models/known-models.ts'
import type { Access, Egress, Log } from '../shared/ports.ts'
import { currentOwner, mayLive } from '../shared/queue/owner.ts'
import type { Config } from './config.ts'

/** `access`: on whose behalf the ledger says that they are. Throws `setting-invalid` for a hub or a mirror that is no address. */
export function openDownloads({
  config,
  egress,
  access,
  log,
  changed,
}: {
  config: Pick<Config, 'modelsFolder' | 'modelHub' | 'modelMirrors' | 'maxModelSize'>
  egress: Egress
  access: Access
  log: Log
  changed?: (name: string) => void
}): Downloads {
  const { modelsFolder: folder, modelHub, modelMirrors, maxModelSize: limit } = config
  demandAddress('MODEL_HUB', modelHub)
  for (const mirror of modelMirrors) demandAddress('MODEL_MIRRORS', mirror)
  const owner = currentOwner()
  return createDownloads({
    folder,
    files: createModelFiles({ folder, check: describeModel, limit }),
    checkBeginning,
    limit,
    fetchOf: (trust: Trust) => egress.fetch({ purpose: 'download', access, trust }),
    hubs: { hub: modelHub, mirrors: modelMirrors },
    find: sourceOf,
    lock: { owner, mayLive: other => mayLive(other, owner) },
    log,
    ...(changed && { changed }),
  })
}

function demandAddress(variable: string, given: string): void {
  const url = URL.parse(given)
  if (url && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '') return
  throw new AppError('setting-invalid', { variable, given: given.slice(0, 80), allowed: 'https://…, http://…' })
}
