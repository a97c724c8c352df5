/**
 * What is known of every route of the contract: who may pass, and what a request to it looks like. A route without a case fails the test,
 * so that none is added that nobody thought about.
 */
import { contract } from '../../shared/api/index.ts'

/** `user`: whoever is known; `account`: see `accounts.test.ts`; `read`, `write`, `manage`: in the project of the path. */
export type Gate = 'open' | 'user' | 'account' | 'administrator' | 'read' | 'write' | 'manage'

export interface Ids {
  projectId: string
  documentId: string
  chatId: string
  messageId: string
  answerId: string
  assistantId: string
  folderId: string
  jobId: string
  userId: string
}

export interface Case {
  gate: Gate
  body?: (ids: Ids) => unknown
  query?: (ids: Ids) => string
  /** A stream that does not end by itself. */
  endless?: true
  /** What a request to one's own project with another's ids must be answered with; 404 without it. */
  inOwn?: number
}

export interface Route {
  name: string
  method: string
  path: string
}

export function routesOf(value: object = contract, name: readonly string[] = []): Route[] {
  if (!('~orpc' in value))
    return Object.entries(value).flatMap(([key, part]) => routesOf(part as object, [...name, key]))
  const { route } = value['~orpc'] as { route: { method?: string; path: string } }
  return [{ name: name.join('.'), method: route.method ?? 'POST', path: route.path }]
}

export function pathOf({ path }: Route, { query }: Case, ids: Ids): string {
  const values: Record<string, string> = { ...ids, number: '1', name: 'x.gguf', slug: 'x' }
  const filled = path.replace(/\{([^}]+)\}/g, (_, key: string) => values[key] ?? ids.jobId)
  return query ? `${filled}?${query(ids)}` : filled
}

export function form(): FormData {
  const body = new FormData()
  body.append('files', new Blob(['Kleine Notiz.']), 'klein.txt')
  return body
}

const read: Case = { gate: 'read' }
const write: Case = { gate: 'write' }
const user: Case = { gate: 'user' }
const open: Case = { gate: 'open' }
const administrator: Case = { gate: 'administrator' }
const with_ = (gate: Gate, body: (ids: Ids) => unknown, inOwn?: number): Case => ({
  gate,
  body,
  ...(inOwn !== undefined && { inOwn }),
})
const question = 'Wie hoch ist die Miete?'

export const cases: Record<string, Case> = {
  'session.open': { gate: 'open', body: () => ({ token: 'wrong' }) },
  'session.get': user,
  'session.close': user,

  'projects.list': user,
  'projects.create': with_('user', () => ({ name: `Neu ${Math.random()}` })),
  'projects.get': read,
  'projects.update': with_('manage', () => ({ name: `Anders ${Math.random()}` })),
  'projects.delete': { gate: 'manage' },

  'members.list': read,
  'members.add': with_('manage', ({ userId }) => ({ userId, role: 'reader' }), 201),
  'members.update': with_('manage', () => ({ role: 'editor' })),
  'members.invite': with_('manage', () => ({ email: 'a@b.example', role: 'reader' }), 404),
  'members.uninvite': { gate: 'manage', inOwn: 404 },
  'invitations.list': user,
  'invitations.accept': user,
  'invitations.decline': user,
  // A member may give up their own.
  'members.remove': read,

  'quotas.get': user,
  'quotas.usage': user,
  'audit.list': user,
  'administration.counters': administrator,
  'administration.projects': administrator,
  'administration.usage': administrator,
  'administration.storage': administrator,
  'administration.jobs': administrator,
  'administration.retryJob': administrator,
  'administration.quota': administrator,
  'administration.setQuota': with_('administrator', () => ({ files: 5 })),
  'administration.audit': administrator,
  'administration.access': with_('administrator', ({ projectId }) => ({ projectId, reason: 'Weil ich es will.' })),

  'documents.list': read,
  'documents.upload': with_('write', form),
  'documents.addText': with_('write', () => ({ format: 'plain', name: 'Notiz', text: `Neu ${Math.random()}` })),
  'documents.search': with_('read', ({ documentId }) => ({ query: 'Miete', documents: [documentId] }), 200),
  'documents.trash': read,
  'documents.work': read,
  'documents.get': read,
  'documents.receipt': read,
  'documents.files': read,
  'documents.original': read,
  'documents.segments': read,
  'documents.segment': read,
  'documents.delete': write,
  'documents.company': read,
  'documents.undo': write,
  'documents.purge': write,
  'documents.cancel': write,
  'documents.retry': write,
  'documents.pause': write,
  'documents.resume': write,
  'documents.pauseAll': write,
  'documents.resumeAll': write,
  'documents.unrecognized': read,
  'documents.recognizeAll': write,
  'documents.unlock': with_('write', () => ({ password: 'geheim' })),
  'folders.list': read,
  'folders.follow': with_('manage', () => ({ path: '/' })),
  'folders.update': with_('manage', () => ({ ignore: [] })),
  'folders.problems': read,
  'folders.missing': with_('manage', () => ({ documents: 'keep' })),
  'folders.unfollow': with_('manage', () => ({ documents: 'keep' })),
  search: with_('read', ({ documentId }) => ({ query: 'Miete', documents: [documentId] }), 200),

  'answers.ask': with_('read', ({ chatId, documentId }) => ({ question, chatId, documents: [documentId] })),
  'answers.once': with_(
    'read',
    ({ assistantId, documentId }) => ({ question, assistantId, documents: [documentId] }),
    200,
  ),
  'answers.regenerate': with_('read', ({ messageId }) => ({ messageId })),
  'answers.follow': read,
  'answers.stop': { gate: 'read', inOwn: 200 },

  'chats.list': read,
  'chats.create': with_('read', ({ assistantId }) => ({ title: 'Gespräch', assistantId })),
  'chats.get': read,
  'chats.passages': read,
  'chats.update': with_('read', () => ({ title: 'Anders' })),
  'chats.delete': read,
  'chats.undo': read,

  'assistants.list': read,
  'assistants.create': with_('write', ({ documentId }) => ({ name: `A ${Math.random()}`, documents: [documentId] })),
  'assistants.get': read,
  'assistants.update': with_('write', () => ({ instructions: 'Kurz.' })),
  'assistants.delete': write,

  'jobs.list': user,
  'jobs.dead': user,
  'jobs.retry': user,
  'jobs.retryAll': user,
  'jobs.events': { gate: 'user', endless: true },

  'models.list': { gate: 'user', query: ({ projectId }) => `projectId=${projectId}` },
  'models.add': with_('administrator', form),
  'models.verify': administrator,
  'models.use': administrator,
  'models.remove': administrator,
  'catalog.list': user,
  'vectorIndexes.get': read,

  'providers.list': user,
  'providers.add': with_('administrator', () => ({ kind: 'openai-compatible', baseUrl: 'http://127.0.0.1:9/v1' })),
  'providers.update': with_('administrator', () => ({ enabled: false })),
  'providers.remove': administrator,
  'providers.test': administrator,
  'downloads.list': administrator,
  'downloads.start': with_('administrator', () => ({ source: 'hf:x/y' })),
  'downloads.pause': administrator,
  'downloads.resume': administrator,
  'downloads.cancel': administrator,

  'generate.text': with_('user', () => ({ prompt: 'Schreib etwas.' })),
  'generate.stream': with_('user', () => ({ prompt: 'Schreib etwas.' })),
  'plain.ingest': with_('user', ({ projectId }) => ({ title: 'Notiz', text: 'Text', project: projectId })),
  'plain.chat': with_('user', ({ projectId, chatId }) => ({
    message: question,
    project: projectId,
    session_id: chatId,
  })),
  'settings.get': user,
  'settings.update': with_('user', ({ projectId }) => ({ projectId })),
  'own.export': user,
  'own.leftChats': user,
  'own.deleteLeftChat': user,
  'ledger.list': { gate: 'user', query: ({ projectId }) => `projectId=${projectId}` },
  'ledger.sums': { gate: 'user', query: ({ projectId }) => `projectId=${projectId}` },
  'ledger.export': { gate: 'user', query: ({ projectId }) => `format=jsonl&projectId=${projectId}` },

  'health.summary': open,
  'health.liveness': open,
  'health.readiness': open,
  'health.metrics': administrator,
  'health.workers': administrator,
  'health.caches': administrator,
}

/** Those of accounts, whose ids are their users' alone, have tests of their own. */
export const ofAccounts = /^(?:auth|users)\./

/** Programs' dialects, which stand in no contract: as `Route`s with their cases. */
export const dialects: readonly (Route & Case)[] = [
  { name: 'v1.models', method: 'GET', path: '/v1/models', gate: 'user' },
  { name: 'v1.model', method: 'GET', path: '/v1/models/cloister/{projectId}', gate: 'read' },
  {
    name: 'v1.model of an assistant',
    method: 'GET',
    path: '/v1/models/cloister/{projectId}/{assistantId}',
    gate: 'read',
  },
  {
    name: 'v1.completions',
    method: 'POST',
    path: '/v1/chat/completions',
    gate: 'read',
    body: ({ projectId }) => ({ model: `cloister/${projectId}`, messages: [{ role: 'user', content: question }] }),
  },
  {
    name: 'v1.completions of an assistant, streamed',
    method: 'POST',
    path: '/v1/chat/completions',
    gate: 'read',
    body: ({ projectId, assistantId }) => ({
      model: `cloister/${projectId}/${assistantId}`,
      stream: true,
      messages: [{ role: 'user', content: question }],
    }),
  },
  {
    name: 'v1.embeddings',
    method: 'POST',
    path: '/v1/embeddings',
    gate: 'user',
    body: () => ({ model: 'x', input: 'Text' }),
  },
]

/** Calls of tools, each to be said no to in the same words whether the thing is another's or nobody's. */
export const tools: readonly { name: string; arguments: (ids: Ids) => object }[] = [
  { name: 'list_documents', arguments: ({ projectId }) => ({ project: projectId }) },
  { name: 'search', arguments: ({ projectId }) => ({ project: projectId, query: 'Miete' }) },
  { name: 'read', arguments: ({ documentId }) => ({ document: documentId }) },
  { name: 'read', arguments: ({ projectId, documentId }) => ({ document: documentId, project: projectId }) },
  { name: 'ask', arguments: ({ projectId }) => ({ project: projectId, question }) },
]
