/** Events by the thing they are about, and as text between processes. */
import type { AppEvent } from '../ports.ts'

/** The latest event with a key says all that older ones said. */
export function keyOf(event: AppEvent): string {
  switch (event.type) {
    case 'document':
      return `document ${event.documentId}`
    case 'chat':
      return `chat ${event.chatId}`
    case 'assistants':
      return `assistants ${event.projectId}`
    case 'projects':
      return `projects ${event.userId}`
    case 'folders':
      return `folders ${event.projectId}`
    case 'members':
      return `members ${event.projectId}`
    case 'purged':
      return `purged ${event.projectId}`
    case 'access':
      return `access ${event.userId}`
    case 'settings':
      return `settings ${event.userId}`
    case 'models':
      return `models ${event.userId}`
    case 'download':
      return `download ${event.name}`
    case 'answer':
      return `answer ${event.answerId} ${event.about}`
    case 'password':
      return `password ${event.documentId} ${event.state} ${event.to}`
    case 'missed':
      return 'missed'
  }
}

/** What Postgres takes with one notification: less than 8,000 bytes. */
const mostBytes = 7999

/** As few texts as hold them all, in their order, each with the name of who sends it. */
export function encode(from: string, events: Iterable<AppEvent>): string[] {
  const start = `${JSON.stringify(from)},`
  const texts: string[] = []
  let parts: string[] = []
  let bytes = 0
  const end = () => {
    if (parts.length > 0) texts.push(`[${start}${parts.join(',')}]`)
    parts = []
    bytes = Buffer.byteLength(start) + 2
  }
  end()
  for (const event of events) {
    const text = JSON.stringify(event)
    const size = Buffer.byteLength(text) + 1
    if (bytes + size > mostBytes) end()
    // Never with ids as they are; a hint that does not fit must not hold up the others.
    if (bytes + size > mostBytes) parts.push('{"type":"missed"}')
    else parts.push(text)
    bytes += size
  }
  end()
  return texts
}

/** Undefined for what is none of ours. An event of a newer version, which is not known here, is one that was missed. */
export function decode(text: string): { from: string; events: AppEvent[] } | undefined {
  let found: unknown
  try {
    found = JSON.parse(text)
  } catch {
    return undefined
  }
  if (!Array.isArray(found) || typeof found[0] !== 'string') return undefined
  const [from, ...events]: [string, ...unknown[]] = [found[0], ...found.slice(1)]
  return { from, events: events.map(event => (isEvent(event) ? event : { type: 'missed' })) }
}

const fields: Record<AppEvent['type'], readonly string[]> = {
  document: ['projectId', 'documentId'],
  chat: ['userId', 'projectId', 'chatId'],
  assistants: ['projectId'],
  projects: ['userId'],
  folders: ['projectId'],
  members: ['projectId'],
  purged: ['projectId'],
  access: ['userId'],
  settings: ['userId'],
  models: ['userId'],
  download: ['name'],
  answer: ['answerId', 'about'],
  password: ['documentId', 'state', 'to', 'sealed'],
  missed: [],
}

function isEvent(value: unknown): value is AppEvent {
  if (typeof value !== 'object' || value === null || !('type' in value) || typeof value.type !== 'string') return false
  const needed = Object.hasOwn(fields, value.type) ? fields[value.type as AppEvent['type']] : undefined
  const known = new Map<string, unknown>(Object.entries(value))
  return needed?.every(field => typeof known.get(field) === 'string') === true
}
