import type { Time } from './project.ts'

export type ProviderKind = 'openai-compatible' | 'anthropic' | 'xai'

/** A model that a server says it has. */
export interface ServerModel {
  /** As the server calls it. */
  id: string
  /** What it is for, as far as the server or its name tells. */
  role: 'chat' | 'embedding'
  /** Tokens of prompt and answer together; null where nobody said so. */
  contextSize: number | null
  /** Whether it runs on this machine. Not every model of a server that does: Ollama passes some on to its makers. */
  here: boolean
}

/** A server with models: on this machine, in the house, or far away. */
export interface Provider {
  /** What references to its models begin with: `slug/model`. */
  slug: string
  kind: ProviderKind
  /** As people call it. */
  name: string
  baseUrl: string
  /** `environment`: the operator's, which cannot be changed here. */
  source: 'user' | 'environment'
  /** Its address is one of this machine: nothing leaves. */
  here: boolean
  /** `lost`: there was one, and it cannot be read any more; it must be entered again. */
  key: 'none' | 'set' | 'lost'
  /** The last four signs of the key. */
  keyHint: string | null
  enabled: boolean
  /** As it said when it was asked last; null where it never was. */
  models: ServerModel[]
  listedAt: Time | null
}

/** Where a model ran that is none of our own process. */
export interface AnsweringServer {
  slug: string
  name: string
  here: boolean
}

/** What a project says of the models it may be worked on with. */
export interface ModelPolicy {
  /** Only models of this machine. */
  localOnly: boolean
  /** Slugs of the providers that are allowed, and that may stand in for one another; null: all, each where it was chosen. */
  providers: string[] | null
  /** Reference of the model that answers, where neither the call nor the chat says otherwise. */
  chatModel: string | null
}

/** A local model is called by its file's name, which holds no slash; a server's by `slug/model`. */
export function splitReference(reference: string): { slug: string; model: string } | undefined {
  const at = reference.indexOf('/')
  return at <= 0 || at === reference.length - 1
    ? undefined
    : { slug: reference.slice(0, at), model: reference.slice(at + 1) }
}

/** Ollama's names of models that run at its makers': `gpt-oss:120b-cloud`, `glm-4.6:cloud`. */
const passedOn = /[-:]cloud$/i

/** What a server lists by this name; Ollama lists `tiny:latest`, and takes `tiny` for it. */
export function listedModel({ models }: Pick<Provider, 'models'>, id: string): ServerModel | undefined {
  return models.find(one => one.id === id) ?? models.find(one => one.id === `${id}:latest`)
}

/** Whether a model of a server runs on this machine: the server does, and nothing says that it passes this one on. */
export function runsHere(provider: Pick<Provider, 'here' | 'models'>, id: string): boolean {
  return provider.here && !passedOn.test(id) && listedModel(provider, id)?.here !== false
}

/**
 * Whether an address is one of this machine by the way it is written. A name that only leads here counts as another machine's:
 * where it leads may change. What is connected to is checked again by the gate.
 */
export function isHere(baseUrl: string): boolean {
  const host = URL.parse(baseUrl)?.hostname ?? ''
  return host === 'localhost' || host.endsWith('.localhost') || host === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(host)
}
