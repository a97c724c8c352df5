/** Servers with models that a user may have answers from: the user's own, and those that the operator set. */
import { AppError, reasonOf, toAppError } from '../errors.ts'
import type { Provider, ProviderKind, Reason, ServerModel, Time } from '../model/index.ts'
import { isHere, runsHere, splitReference } from '../model/provider.ts'
import type { Access, Clock, Egress, Log, Secrets, ServerAddress, Servers } from '../ports.ts'
import type { Store, StoredProvider } from '../store/index.ts'
import { cleanAddress, cleanName, freeSlug, hintOf } from './provider-fields.ts'

/** A server that the operator set. */
export interface ConfiguredProvider {
  slug: string
  kind: ProviderKind
  name: string
  baseUrl: string
  key?: string
  /** The setting that named it. */
  variable: string
}

export interface NewProvider {
  kind: ProviderKind
  name?: string
  slug?: string
  /** Needed for `openai-compatible`. */
  baseUrl?: string
  key?: string
}

export interface ProviderChanges {
  name?: string
  baseUrl?: string
  /** Null: none any more. */
  key?: string | null
  enabled?: boolean
}

export interface Providers {
  /** The operator's first. One that was never asked what it has is asked beside, and waited for a moment. */
  list(userId: string): Promise<Provider[]>
  /** The same for what nobody looks at: only servers of this machine are asked. */
  known(userId: string): Promise<Provider[]>
  /** Asks it which models it has, unless it was asked a moment ago; resolves with what came of that, which may take its time. */
  look(access: Access, slug: string): Promise<{ provider: Provider | undefined; problem: Reason | null }>
  /** Throws `provider-not-found`. */
  get(userId: string, slug: string): Promise<Provider>
  /** Asks it which models it has, and waits a moment for it. Throws `provider-exists`, `provider-invalid`, `name-invalid`, `secrets-key`. */
  add(userId: string, provider: NewProvider): Promise<Provider>
  /**
   * Of another place than before, the old key is forgotten. Where it was on this machine and is no more, it is taken out of the lists of the
   * projects that named it: they named one of this machine. `unlisted`: what those projects are called. Throws as `add`,
   * `provider-not-found`, `provider-fixed`.
   */
  update(userId: string, slug: string, changes: ProviderChanges): Promise<Provider & { unlisted: string[] }>
  /** No project names it any more: another one of the same slug is not what they chose. Throws `provider-not-found`, `provider-fixed`. */
  remove(userId: string, slug: string): Promise<void>
  /** What the server says it has is kept. Throws `provider-not-found`, `cancelled`. */
  test(
    userId: string,
    slug: string,
    signal?: AbortSignal,
  ): Promise<{ provider: Provider; milliseconds: number; problem: Reason | null }>
  /** The way to it, on behalf of somebody. Throws `provider-not-found`, `provider-off`, `provider-key-lost`. */
  reach(
    access: Exclude<Access, 'internal'>,
    slug: string,
  ): Promise<{ provider: Provider; address: ServerAddress } | undefined>
  /** What the operator calls a model, as this user's references do; the same where nothing stands in the way. */
  referenceOf(userId: string, reference: string): Promise<string>
  /** Whether the user has a provider of their own by this slug. */
  isOwn(userId: string, slug: string): Promise<boolean>
  /** The keys that one user has, sealed for another: by the provider's id. One that cannot be read is not among them. */
  resealed(from: string, to: string): Promise<Map<string, string>>
  /** As `reach`, of what the operator set, on behalf of nobody. */
  reachConfigured(slug: string): { provider: Provider; address(access: Access): ServerAddress } | undefined
}

const usualAddress: Partial<Record<ProviderKind, string>> = {
  anthropic: 'https://api.anthropic.com/v1',
  xai: 'https://api.x.ai/v1',
}
const kindNames: Record<ProviderKind, string> = { 'openai-compatible': '', anthropic: 'Anthropic', xai: 'xAI' }
const slugForm = /^[a-z0-9][a-z0-9-]{0,31}$/
/** Milliseconds that whoever looks waits for servers that were never asked, and after which one is asked again that did not answer. */
const patience = 1000
const lookAgain = 60_000

interface Listed {
  models: ServerModel[]
  listedAt: Time | null
}

export function createProviders({
  store,
  clock,
  log,
  secrets,
  servers,
  egress,
  configured = [],
  heard = () => {},
}: {
  store: Pick<Store, 'providers' | 'projects' | 'transaction' | 'users'>
  clock: Clock
  log: Log
  secrets: Secrets | undefined
  servers: Servers | undefined
  egress: Egress | undefined
  configured?: readonly ConfiguredProvider[]
  /** A server of the user's said which models it has when nobody waited for it any more. */
  heard?: (userId: string) => void
}): Providers {
  /** What the operator's said last; lost with the process. */
  const said = new Map<string, Listed>()
  /** When servers were asked, and what comes of it: null where they say what they have. */
  const asked = new Map<string, { at: Time; answer: Promise<Reason | null> }>()
  const askedOf = (access: Access, slug: string) => `${access === 'internal' ? '' : access.userId} ${slug}`

  /** Of whom it was said that the operator's goes by another slug. */
  const noted = new Set<string>()

  /**
   * The operator's, each by a slug that is free. Where the user has one of the same slug, the operator's gives way: a project that lists it, or
   * names a model by it, means the server that it was given for, wherever a setting that came later may lead.
   */
  function operators(userId: string, own: readonly StoredProvider[]): { slug: string; fixed: ConfiguredProvider }[] {
    const taken = new Set(own.map(({ slug }) => slug))
    return configured.map(fixed => {
      if (!taken.has(fixed.slug)) return { slug: fixed.slug, fixed }
      const slug = freeSlug(fixed.slug, [...taken, ...configured.map(one => one.slug)])
      taken.add(slug)
      const whose = `${userId} ${fixed.slug}`
      if (!noted.has(whose))
        log.warn('a provider of a setting has another slug, since a user has one of the same', {
          variable: fixed.variable,
          slug: fixed.slug,
          as: slug,
        })
      noted.add(whose)
      return { slug, fixed }
    })
  }

  type Found = { stored: StoredProvider; fixed?: undefined } | { stored?: undefined; fixed: ConfiguredProvider }

  /** By the slug that the operator gave it. */
  function operatorsOwn(slug: string): Found | undefined {
    const fixed = configured.find(one => one.slug === slug)
    return fixed && { fixed }
  }

  async function find(userId: string, slug: string): Promise<Found | undefined> {
    const own = await store.providers.list(userId)
    const stored = own.find(one => one.slug === slug)
    return stored ? { stored } : operators(userId, own).find(one => one.slug === slug)
  }

  /** A key opens for the place it was given for, and no other. */
  const purposeOf = (userId: string, slug: string, baseUrl: string) =>
    `provider ${userId} ${slug} ${new URL(baseUrl).origin}`

  function toConfigured({ slug: called, kind, name, baseUrl, key }: ConfiguredProvider, slug = called): Provider {
    const stored = said.get(called) ?? { models: [], listedAt: null }
    const about = { slug, kind, name, baseUrl, source: 'environment' as const, here: isHere(baseUrl), enabled: true }
    const models = placed(about.here, stored.models)
    return {
      ...about,
      key: key === undefined ? 'none' : 'set',
      keyHint: key ? hintOf(key) : null,
      models,
      listedAt: stored.listedAt,
    }
  }

  async function keyOf(userId: string, stored: StoredProvider): Promise<{ key?: string; state: Provider['key'] }> {
    const { slug, baseUrl, keySealed, keyHint } = stored
    if (keySealed === null) return { state: keyHint === null ? 'none' : 'lost' }
    try {
      const key = await secrets?.open(keySealed, purposeOf(userId, slug, baseUrl))
      return key === undefined ? { state: 'lost' } : { key, state: 'set' }
    } catch (error) {
      const { code } = toAppError(error)
      log.warn('the key of a provider cannot be read', { slug, code })
      return { state: 'lost' }
    }
  }

  async function toProvider(userId: string, stored: StoredProvider): Promise<Provider> {
    return shownAs(stored, (await keyOf(userId, stored)).state)
  }

  function shownAs({ id: _, keySealed: __, ...shown }: StoredProvider, key: Provider['key']): Provider {
    const here = isHere(shown.baseUrl)
    return { ...shown, source: 'user', here, key, models: placed(here, shown.models) }
  }

  async function all(userId: string): Promise<Provider[]> {
    const own = await store.providers.list(userId)
    const fixed = operators(userId, own).map(one => toConfigured(one.fixed, one.slug))
    return [...fixed, ...(await Promise.all(own.map(one => toProvider(userId, one))))]
  }

  async function get(userId: string, slug: string): Promise<Provider> {
    const found = await find(userId, slug)
    if (!found) throw new AppError('provider-not-found', { name: slug })
    return found.stored ? toProvider(userId, found.stored) : toConfigured(found.fixed, slug)
  }

  function addressOf({ kind, name, baseUrl }: Provider, key: string | undefined, access: Access): ServerAddress {
    if (!egress) throw new AppError('egress-refused', { host: URL.parse(baseUrl)?.host ?? '', why: 'offline' })
    const fetch = egress.fetch({ purpose: 'model', access, trust: 'operator' })
    return { kind, name, baseUrl, fetch, ...(key !== undefined && { key }) }
  }

  async function reach(access: Access, slug: string, also?: 'off') {
    const found = access === 'internal' ? operatorsOwn(slug) : await find(access.userId, slug)
    if (!found) return undefined
    const { stored } = found
    if (!stored || access === 'internal') {
      const { fixed } = found
      if (!fixed) return undefined
      const provider = toConfigured(fixed, slug)
      return { provider, address: addressOf(provider, fixed.key, access), operator: fixed.slug }
    }
    const { userId } = access
    if (!stored.enabled && !also) throw new AppError('provider-off', { name: stored.name })
    const { key, state } = await keyOf(userId, stored)
    if (state === 'lost') throw new AppError('provider-key-lost', { name: stored.name })
    const provider = shownAs(stored, state)
    return { provider, address: addressOf(provider, key, access) }
  }

  async function ask(access: Access, slug: string, signal?: AbortSignal): Promise<Reason | null> {
    try {
      const reached = await reach(access, slug, 'off')
      if (!reached || !servers) throw new AppError('provider-not-found', { name: slug })
      const models = await servers.list(reached.address, signal)
      const listed: Listed = { models, listedAt: clock.now() }
      if (reached.operator !== undefined) said.set(reached.operator, listed)
      else if (access !== 'internal')
        await store.transaction(access, tx =>
          // Of another address than it has by now, it says nothing.
          store.providers.tell(tx, access.userId, slug, { ...listed, baseUrl: reached.provider.baseUrl }),
        )
      return null
    } catch (error) {
      if (signal?.aborted) throw new AppError('cancelled', {}, { cause: error })
      const known = toAppError(error)
      if (known.code === 'internal') log.error('a provider could not be asked', { slug, error })
      return reasonOf(known)
    }
  }

  /** Throws `provider-fixed`, `provider-not-found`. */
  async function demandOwn(userId: string, slug: string): Promise<StoredProvider> {
    const found = await find(userId, slug)
    if (!found) throw new AppError('provider-not-found', { name: slug })
    if (!found.stored) throw new AppError('provider-fixed', { name: found.fixed.name, variable: found.fixed.variable })
    return found.stored
  }

  /** Before the provider itself changes: whatever ends us in between, no project goes where it was not sent. The projects' names. */
  async function unlist(userId: string, slug: string, { models }: { models: boolean }): Promise<string[]> {
    const named: string[] = []
    for (const { id, name, providers, chatModel } of [
      ...(await store.projects.list(userId)),
      ...(await store.projects.temporary(userId)),
    ]) {
      const changes = {
        ...(providers?.includes(slug) && { providers: providers.filter(one => one !== slug) }),
        ...(models && chatModel?.startsWith(`${slug}/`) && { chatModel: null }),
      }
      if (Object.keys(changes).length === 0) continue
      const scope = { userId, projectId: id }
      await store.transaction(scope, tx => store.projects.govern(tx, scope, changes))
      named.push(name)
    }
    return named
  }

  async function sealed(userId: string, slug: string, baseUrl: string, given: string | null | undefined) {
    const key = given?.trim()
    if (!key) return { keySealed: null, keyHint: null }
    if (/[^\x21-\x7e]/.test(key)) throw new AppError('provider-key', { name: slug })
    if (!secrets) throw new AppError('secrets-key')
    return { keySealed: await secrets.seal(key, purposeOf(userId, slug, baseUrl)), keyHint: hintOf(key) }
  }

  /** All of them, when those were asked that may be, and never were. */
  async function listed(userId: string, mayBeAsked: (provider: Provider) => boolean): Promise<Provider[]> {
    const first = await all(userId)
    const now = clock.now()
    const strange = first.filter(provider => {
      const { slug, enabled, listedAt, key } = provider
      const before = asked.get(askedOf({ userId }, slug))?.at ?? Number.NEGATIVE_INFINITY
      return enabled && listedAt === null && key !== 'lost' && now - before > lookAgain && mayBeAsked(provider)
    })
    if (strange.length === 0) return first
    await askSoon(
      userId,
      strange.map(({ slug }) => slug),
    )
    return all(userId)
  }

  /** What it says is for all who want to know it while it is asked. */
  function askForAll(access: Access, slug: string): Promise<Reason | null> {
    const answer = ask(access, slug)
    asked.set(askedOf(access, slug), { at: clock.now(), answer })
    return answer
  }

  /** No longer than somebody waits who looks at a screen: one that hangs takes ten times that. */
  async function askSoon(userId: string, slugs: readonly string[]): Promise<void> {
    let late = false
    const questions = slugs.map(async slug => {
      if ((await askForAll({ userId }, slug)) === null && late) heard(userId)
    })
    let timer: ReturnType<typeof setTimeout> | undefined
    const passed = new Promise<void>(resolve => {
      timer = setTimeout(resolve, patience)
    })
    await Promise.race([Promise.all(questions), passed])
    late = true
    clearTimeout(timer)
  }

  return {
    list: userId => listed(userId, () => true),
    known: userId => listed(userId, ({ here }) => here),
    async look(access, slug) {
      const before = asked.get(askedOf(access, slug))
      const recent = before && clock.now() - before.at <= lookAgain
      const problem = await (recent ? before.answer : askForAll(access, slug))
      return { provider: (await reach(access, slug, 'off'))?.provider, problem }
    },
    get,
    async add(userId, given) {
      const { kind, key } = given
      const baseUrl = cleanAddress(given.baseUrl ?? usualAddress[kind] ?? '')
      const name = cleanName(given.name ?? (kindNames[kind] || new URL(baseUrl).hostname))
      for (;;) {
        const known = (await all(userId)).map(({ slug }) => slug)
        const slug = given.slug ?? freeSlug(name, known)
        if (!slugForm.test(slug)) throw new AppError('name-invalid', { name: slug, max: 32 })
        if (known.includes(slug)) throw new AppError('provider-exists', { name: slug })
        const fields = { slug, kind, name, baseUrl, enabled: true, ...(await sealed(userId, slug, baseUrl, key)) }
        await store.users.begin(userId)
        const added = await store.transaction({ userId }, tx => store.providers.insert(tx, userId, fields))
        // Somebody took the slug in between.
        if (!added) continue
        await askSoon(userId, [slug])
        return get(userId, slug)
      }
    },
    async update(userId, slug, { name, baseUrl, key, enabled }) {
      const before = await demandOwn(userId, slug)
      const address = baseUrl === undefined ? before.baseUrl : cleanAddress(baseUrl)
      const moved = new URL(address).origin !== new URL(before.baseUrl).origin
      const fields = {
        ...(name !== undefined && { name: cleanName(name) }),
        ...(enabled !== undefined && { enabled }),
        ...(address !== before.baseUrl && { baseUrl: address, models: [], listedAt: null }),
        ...((key !== undefined || moved) && (await sealed(userId, slug, address, key))),
      }
      const left = isHere(before.baseUrl) && !isHere(address)
      const unlisted = left ? await unlist(userId, slug, { models: false }) : []
      await store.transaction({ userId }, tx => store.providers.update(tx, userId, slug, fields))
      // Another place was not asked yet.
      if (address !== before.baseUrl) asked.delete(askedOf({ userId }, slug))
      return { ...(await get(userId, slug)), unlisted }
    },
    async remove(userId, slug) {
      await demandOwn(userId, slug)
      await unlist(userId, slug, { models: true })
      await store.transaction({ userId }, tx => store.providers.remove(tx, userId, slug))
    },
    async test(userId, slug, signal) {
      await get(userId, slug)
      const began = performance.now()
      const problem = await ask({ userId }, slug, signal)
      const milliseconds = Math.round(performance.now() - began)
      asked.set(askedOf({ userId }, slug), { at: clock.now(), answer: Promise.resolve(problem) })
      return { provider: await get(userId, slug), milliseconds, problem }
    },
    reach: (access, slug) => reach(access, slug),
    async referenceOf(userId, reference) {
      const named = splitReference(reference)
      if (!named) return reference
      const all = operators(userId, await store.providers.list(userId))
      const found = all.find(({ fixed }) => fixed.slug === named.slug)
      return found ? `${found.slug}/${named.model}` : reference
    },
    isOwn: async (userId, slug) => (await store.providers.list(userId)).some(one => one.slug === slug),
    async resealed(from, to) {
      const keys = new Map<string, string>()
      for (const one of await store.providers.list(from)) {
        const { key } = await keyOf(from, one)
        const { keySealed } = await sealed(to, one.slug, one.baseUrl, key)
        if (keySealed !== null) keys.set(one.id, keySealed)
      }
      return keys
    },
    reachConfigured(slug) {
      const fixed = operatorsOwn(slug)?.fixed
      if (!fixed) return undefined
      const provider = toConfigured(fixed)
      return { provider, address: access => addressOf(provider, fixed.key, access) }
    },
  }
}

/** Lists that were kept may be older than what we know of names. */
const placed = (here: boolean, models: readonly ServerModel[]) =>
  models.map(model => ({ ...model, here: runsHere({ here, models: [model] }, model.id) }))
