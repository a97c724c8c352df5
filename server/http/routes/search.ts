import type { Core } from '../../../shared/core.ts'
import { reasonOf } from '../../../shared/errors.ts'
import type { Scope } from '../../../shared/model/index.ts'
import { type Gates, os } from './gates.ts'

export const searchRoute = ({ core }: { core: Core }, { inProject }: Gates) =>
  os.search.use(inProject('read')).handler(searchIn(core))

/** Two addresses, one search. */
export const searchIn =
  (core: Core) =>
  async ({
    input: { query, documents: only, limit },
    signal,
    context: { scope },
  }: {
    input: { query: string; documents?: string[] | undefined; limit: number }
    signal?: AbortSignal | undefined
    context: { scope: Scope }
  }) => {
    const options = { limit, ...(only && { documents: only }), ...(signal && { signal }) }
    const [passages, byWords] = await Promise.all([core.search(scope, query, options), core.byWords(scope)])
    return { passages, ...(byWords && { byWords: reasonOf(byWords) }) }
  }
