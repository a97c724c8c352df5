import { AppError, reasonOf } from '../errors.ts'
import type { ModelPolicy, Provider, Reason, ServerModel } from '../model/index.ts'
import { runsHere } from '../model/provider.ts'
import { refusalOf } from './servers.ts'

/** A model of a provider, as people choose among them. */
export interface ServedModel extends ServerModel {
  reference: string
  /** `here`: whether this model runs on this machine. */
  provider: Pick<Provider, 'slug' | 'name' | 'here'>
  /** The installation's own choice for its role. */
  inUse: boolean
  /** Why it cannot be used, in this project or at all. */
  problem: Reason | null
}

export function listServed(
  providers: readonly Provider[],
  policy: ModelPolicy,
  installation: { chatModel?: string | undefined; embeddingModel?: string | undefined; offline?: boolean | undefined },
): ServedModel[] {
  const { chatModel, embeddingModel, offline } = installation
  return providers.flatMap(provider => {
    const { slug, name, baseUrl, key } = provider
    return provider.models.map(model => {
      const here = runsHere(provider, model.id)
      const refusal =
        refusalOf({ ...provider, here }, policy) ??
        (key === 'lost' ? new AppError('provider-key-lost', { name }) : undefined) ??
        (offline && !here
          ? new AppError('egress-refused', { host: URL.parse(baseUrl)?.host ?? '', why: 'offline' })
          : undefined)
      const problem = refusal ? reasonOf(refusal) : null
      const reference = `${slug}/${model.id}`
      const inUse = reference === (model.role === 'chat' ? chatModel : embeddingModel)
      return { ...model, reference, provider: { slug, name, here }, inUse, problem }
    })
  })
}
