/** Servers with models that a user may have answers from: the user's own, and those that the operator set. */
import { AppError, reasonOf, toAppError } from '../errors.ts'
import type { Provider, ProviderKind, Reason, ServerModel, Time } from '../model/index.ts'
import { isHere } from '../model/provider.ts'
import type { Access, Clock, Egress, Log, Secrets, ServerAddress, Servers } from '../ports.ts'
import type { Store, StoredProvider } from '../store/index.ts'

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
  /** Throws `provider-not-found`. */
  get(userId: string, slug: string): Promise<Provider>
  /** Asks it which models it has; it may not answer. Throws `provider-exists`, `provider-invalid`, `name-invalid`, `secrets-key`. */
  add(userId: string, provider: NewProvider): Promise<Provider>
  /** Of another place than before, the old key is forgotten. Throws as `add`, `provider-not-found`, `provider-fixed`. */
  update(userId: string, slug: string, changes: ProviderChanges): Promise<Provider>
  /** Throws `provider-not-found`, `provider-fixed`. */
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
  /** As `reach`, of what the operator set, on behalf of nobody. */
  reachConfigured(slug: string): { provider: Provider; address(access: Access): ServerAddress } | undefined
}

const usualAddress: Partial<Record<ProviderKind, string>> = {
  anthropic: 'https://api.anthropic.com/v1',
  xai: 'https://api.x.ai/v1',
}
const kindNames: Record<ProviderKind, string> = { 'openai-compatible': '', anthropic: 'Anthropic', xai: 'xAI' }
const longestName = 100
const slugForm = /^[a-z0-9][a-z0-9-]{0,31}$/
/** Milliseconds that a list waits for servers that were never asked, and after which one is asked again that did not answer. */
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
}: {
  store: Pick<Store, 'providers' | 'transaction'>
  clock: Clock
  log: Log
  secrets: Secrets | undefined
  servers: Servers | undefined
  egress: Egress | undefined
  configured?: readonly ConfiguredProvider[]
}): Providers {
  /** What the operator's said last; lost with the process. */
  const said = new Map<string, Listed>()
  /** When servers were asked by themselves. */
  const asked = new Map<string, Time>()

  const configuredAs = (slug: string) => configured.find(one => one.slug === slug)
  /** A key opens for the place it was given for, and no other. */
  const purposeOf = (userId: string, slug: string, baseUrl: string) =>
    `provider ${userId} ${slug} ${new URL(baseUrl).origin}`

  function toConfigured({ slug, kind, name, baseUrl, key }: ConfiguredProvider): Provider {
    const { models, listedAt } = said.get(slug) ?? { models: [], listedAt: null }
    const about = { slug, kind, name, baseUrl, source: 'environment' as const, here: isHere(baseUrl), enabled: true }
    return { ...about, key: key === undefined ? 'none' : 'set', keyHint: key ? hintOf(key) : null, models, listedAt }
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
    const { id: _, keySealed: __, ...shown } = stored
    const { state } = await keyOf(userId, stored)
    return { ...shown, source: 'user', here: isHere(stored.baseUrl), key: state }
  }

  async function storedOf(userId: string): Promise<StoredProvider[]> {
    return (await store.providers.list(userId)).filter(({ slug }) => !configuredAs(slug))
  }

  async function all(userId: string): Promise<Provider[]> {
    const own = await storedOf(userId)
    return [...configured.map(toConfigured), ...(await Promise.all(own.map(one => toProvider(userId, one))))]
  }

  async function get(userId: string, slug: string): Promise<Provider> {
    const fixed = configuredAs(slug)
    if (fixed) return toConfigured(fixed)
    const stored = (await storedOf(userId)).find(one => one.slug === slug)
    if (!stored) throw new AppError('provider-not-found', { name: slug })
    return toProvider(userId, stored)
  }

  function addressOf({ kind, name, baseUrl }: Provider, key: string | undefined, access: Access): ServerAddress {
    if (!egress) throw new AppError('egress-refused', { host: URL.parse(baseUrl)?.host ?? '', why: 'offline' })
    const fetch = egress.fetch({ purpose: 'model', access, trust: 'operator' })
    return { kind, name, baseUrl, fetch, ...(key !== undefined && { key }) }
  }

  async function reach(access: Exclude<Access, 'internal'>, slug: string, also?: 'off') {
    const { userId } = access
    const fixed = configuredAs(slug)
    if (fixed) {
      const provider = toConfigured(fixed)
      return { provider, address: addressOf(provider, fixed.key, access) }
    }
    const stored = (await storedOf(userId)).find(one => one.slug === slug)
    if (!stored) return undefined
    if (!stored.enabled && !also) throw new AppError('provider-off', { name: stored.name })
    const { key, state } = await keyOf(userId, stored)
    if (state === 'lost') throw new AppError('provider-key-lost', { name: stored.name })
    const { id: _, keySealed: __, ...shown } = stored
    const provider: Provider = { ...shown, source: 'user', here: isHere(stored.baseUrl), key: state }
    return { provider, address: addressOf(provider, key, access) }
  }

  async function ask(userId: string, slug: string, signal?: AbortSignal): Promise<Reason | null> {
    try {
      const reached = await reach({ userId }, slug, 'off')
      if (!reached || !servers) throw new AppError('provider-not-found', { name: slug })
      const models = await servers.list(reached.address, signal)
      const listed: Listed = { models, listedAt: clock.now() }
      if (configuredAs(slug)) said.set(slug, listed)
      else await store.transaction({ userId }, tx => store.providers.update(tx, userId, slug, listed))
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
    const fixed = configuredAs(slug)
    if (fixed) throw new AppError('provider-fixed', { name: fixed.name, variable: fixed.variable })
    const stored = (await storedOf(userId)).find(one => one.slug === slug)
    if (!stored) throw new AppError('provider-not-found', { name: slug })
    return stored
  }

  async function sealed(userId: string, slug: string, baseUrl: string, given: string | null | undefined) {
    const key = given?.trim()
    if (!key) return { keySealed: null, keyHint: null }
    if (/[^\x21-\x7e]/.test(key)) throw new AppError('provider-key', { name: slug })
    if (!secrets) throw new AppError('secrets-key')
    return { keySealed: await secrets.seal(key, purposeOf(userId, slug, baseUrl)), keyHint: hintOf(key) }
  }

  return {
    async list(userId) {
      const first = await all(userId)
      const now = clock.now()
      const strange = first.filter(({ slug, enabled, listedAt, key }) => {
        const before = asked.get(`${userId} ${slug}`) ?? Number.NEGATIVE_INFINITY
        return enabled && listedAt === null && key !== 'lost' && now - before > lookAgain
      })
      if (strange.length === 0) return first
      for (const { slug } of strange) asked.set(`${userId} ${slug}`, now)
      let timer: ReturnType<typeof setTimeout> | undefined
      const passed = new Promise<void>(resolve => {
        timer = setTimeout(resolve, patience)
      })
      const questions = Promise.all(strange.map(({ slug }) => ask(userId, slug)))
      await Promise.race([questions.catch(() => {}), passed])
      clearTimeout(timer)
      return all(userId)
    },
    get,
    async add(userId, given) {
      const { kind, key } = given
      const baseUrl = cleanAddress(given.baseUrl ?? usualAddress[kind] ?? '')
      const name = cleanName(given.name ?? (kindNames[kind] || new URL(baseUrl).hostname))
      const known = (await all(userId)).map(({ slug }) => slug)
      const slug = given.slug ?? freeSlug(name, known)
      if (!slugForm.test(slug)) throw new AppError('name-invalid', { name: slug, max: 32 })
      if (known.includes(slug)) throw new AppError('provider-exists', { name: slug })
      const fields = { slug, kind, name, baseUrl, enabled: true, ...(await sealed(userId, slug, baseUrl, key)) }
      await store.transaction({ userId }, tx => store.providers.insert(tx, userId, fields))
      await ask(userId, slug)
      return get(userId, slug)
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
      await store.transaction({ userId }, tx => store.providers.update(tx, userId, slug, fields))
      return get(userId, slug)
    },
    async remove(userId, slug) {
      await demandOwn(userId, slug)
      await store.transaction({ userId }, tx => store.providers.remove(tx, userId, slug))
    },
    async test(userId, slug, signal) {
      await get(userId, slug)
      const began = performance.now()
      const problem = await ask(userId, slug, signal)
      const milliseconds = Math.round(performance.now() - began)
      return { provider: await get(userId, slug), milliseconds, problem }
    },
    reach: (access, slug) => reach(access, slug),
    reachConfigured(slug) {
      const fixed = configuredAs(slug)
      if (!fixed) return undefined
      const provider = toConfigured(fixed)
      return { provider, address: access => addressOf(provider, fixed.key, access) }
    },
  }
}

/** Of a short key, nothing can be shown without showing much of it. */
const hintOf = (key: string) => (key.length >= 12 ? key.slice(-4) : '')

/** As it is asked: without a slash at its end; with `/v1` where only a server is named. Throws `provider-invalid`. */
export function cleanAddress(given: string): string {
  const url = URL.parse(given.trim())
  if (
    !url ||
    !/^https?:$/.test(url.protocol) ||
    url.username ||
    url.password ||
    url.search ||
    url.hash ||
    !url.hostname
  )
    throw new AppError('provider-invalid', { address: shownAddress(given) })
  const path = url.pathname.replace(/\/+$/, '').replace(/\/(?:chat\/completions|models|messages)$/, '')
  return `${url.origin}${path === '' ? '/v1' : path}`
}

/** Never with what may be a password in it. */
const shownAddress = (given: string) =>
  given
    .trim()
    .replace(/\/\/[^/]*@/, '//…@')
    .replace(/[?#].*$/s, '')
    .slice(0, 200)

function cleanName(given: string): string {
  const clean = given.normalize('NFC').trim()
  if (clean === '' || clean.length > longestName || /\p{Cc}|\p{Bidi_Control}/u.test(clean))
    throw new AppError('name-invalid', { name: clean.slice(0, longestName), max: longestName })
  return clean
}

function freeSlug(name: string, known: readonly string[]): string {
  const plain = name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/\p{M}+/gu, '')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+/, '')
    .slice(0, 28)
    .replace(/-+$/, '')
  const base = plain || 'provider'
  for (let count = 1; ; count++) {
    const slug = count === 1 ? base : `${base}-${count}`
    if (!known.includes(slug)) return slug
  }
}
