/**
 * Who may open connections: the gate (`shared/egress`), and those below, each for its reason. Everybody else is handed a
 * `fetch` that leads through the gate. `network-access.test.ts` holds every file of ours against this.
 */
import { parseAst } from 'vitest/node'

/** Files, or folders that end in a slash, with what they may and why. */
export const exceptions: readonly { where: string; may: readonly string[]; why: string }[] = [
  { where: 'shared/egress/', may: ['undici', 'node:net', 'node:dns/promises', 'fetch'], why: 'it is the gate' },
  { where: 'server/http/node-http.ts', may: ['node:http'], why: 'the server listens' },
  {
    where: 'shared/processes/is-answered.ts',
    may: ['node:net'],
    why: 'asks whether somebody listens on our own socket',
  },
  { where: 'main/native/session-bus.ts', may: ['node:net'], why: 'asks the bus of the session over its socket' },
  { where: 'server/desktop.ts', may: ['node:inspector'], why: 'looks whether a debugger may hold it, and opens none' },
  { where: 'shared/processes/socket-fetch.ts', may: ['node:http'], why: 'commands talk to the server of this machine' },
  { where: 'shared/api/client.ts', may: ['fetch'], why: 'the client of our own server, in a browser' },
  { where: 'renderer/', may: ['fetch', 'XMLHttpRequest'], why: 'a browser, kept to our own server by its policy' },
  { where: 'shared/db/postgres/', may: ['pg', 'node:net', 'node:tls'], why: 'the driver of the database' },
  { where: 'shared/events/postgres.ts', may: ['pg'], why: 'hears what the database tells' },
  { where: 'shared/queue/pg-boss', may: ['pg-boss'], why: 'works over connections of the database that it is handed' },
  {
    where: 'server/examine-mail.ts',
    may: ['node:net'],
    why: 'doctor looks whether a mail server listens, and says nothing',
  },
  { where: 'shared/mail/smtp.ts', may: ['nodemailer/lib/smtp-connection'], why: 'speaks over sockets of the gate' },
  { where: 'shared/mail/mime.ts', may: ['nodemailer/lib/mail-composer'], why: 'writes a mail and sends nothing' },
  { where: 'shared/cache/redis', may: ['ioredis'], why: 'the driver of the cache' },
  { where: 'shared/blobs/s3', may: ['@aws-sdk/client-s3'], why: 'the driver of the store of files' },
]

/** Packages that connect somewhere. */
const packages = [
  /^(?:node:)?(?:http|https|http2|net|tls|dns|dgram|inspector)(?:\/.*)?$/,
  /^(?:undici|ws|axios|got|node-fetch|pg|pg-boss|@aws-sdk\/.*|nodemailer|ioredis|redis)(?:\/.*)?$/,
]
/** Of them, what connects to nobody. */
const harmless = ['isIP', 'isIPv4', 'isIPv6', 'BlockList', 'SocketAddress', 'STATUS_CODES', 'METHODS', 'maxHeaderSize']
/** Globals that connect. */
const globals = ['fetch', 'XMLHttpRequest', 'WebSocket', 'EventSource', 'WebTransport', 'sendBeacon']
/** Their makers take a `fetch`, and without one the platform's own. */
const takesFetch = /^@ai-sdk\/(?!provider)|^openai$|^@modelcontextprotocol\/client/

interface Node {
  type: string
  start: number
  [field: string]: unknown
}

/** `files`: text by path from the root of the project. What is wrong, a line for each. */
export function findNetworkAccess(files: ReadonlyMap<string, string>): string[] {
  return [...files].flatMap(([file, text]) => {
    if (/(\.test|(^|\/)(contract|fixture)[^/]*)\.tsx?$/.test(file)) return []
    const may = exceptions.filter(({ where }) => file.startsWith(where)).flatMap(exception => exception.may)
    return [...uses(file, text)]
      .filter(({ what }) => !may.includes(what))
      .map(({ start, what, problem }) => {
        const line = text.slice(0, start).split('\n').length
        return `${file}:${line} ${problem ?? `reaches the network by ${what}: take a \`fetch\` that leads through the gate`}`
      })
  })
}

interface Use {
  start: number
  what: string
  problem?: string
}

function* uses(file: string, text: string): Generator<Use> {
  const program = parseAst(text, { lang: file.endsWith('x') ? 'tsx' : 'ts' }) as unknown as Node
  const nodes = [...walk(program)]
  /** Names that the file gives to something of its own: a parameter `fetch` is one that was handed in. */
  const own = new Set(nodes.filter(({ binds }) => binds).map(({ node }) => node.name))
  const makers = new Set<unknown>()
  for (const { node, refers } of nodes) {
    const { type, start } = node
    if (type === 'ImportDeclaration') {
      const specifiers = node.specifiers as Node[]
      const names = specifiers.filter(one => one.importKind !== 'type').map(one => nameOf(one.imported) ?? '*')
      const source = textOf(node.source) ?? ''
      const onlyTypes = node.importKind === 'type' || (specifiers.length > 0 && names.length === 0)
      if (takesFetch.test(source)) for (const one of specifiers) makers.add(nameOf(one.local))
      if (!onlyTypes && connects(source) && !(names.length > 0 && names.every(name => harmless.includes(name))))
        yield { start, what: source }
    } else if (type === 'ImportExpression' || (type === 'ExportNamedDeclaration' && node.source)) {
      const source = textOf(node.source) ?? ''
      if (connects(source) && node.exportKind !== 'type') yield { start, what: source }
    } else if (type === 'CallExpression') {
      const [first] = node.arguments as Node[]
      const source = textOf(first) ?? ''
      if (isLoading(node.callee as Node) && connects(source)) yield { start, what: source }
      if (makers.has(nameOf(node.callee)) && !hasFetch(first))
        yield {
          start,
          what: '',
          problem: `calls ${nameOf(node.callee)} without a \`fetch\`: it would take the platform’s`,
        }
    } else if (type === 'MemberExpression') {
      const name = nameOf(node.property) ?? ''
      const ofGlobal = /^(?:globalThis|window|self|global|navigator)$/.test(nameOf(node.object) ?? '')
      if (ofGlobal && globals.includes(name)) yield { start, what: name }
    } else if (refers && globals.includes(String(node.name)) && !own.has(node.name))
      yield { start, what: String(node.name) }
  }
}

const connects = (source: string) => packages.some(pattern => pattern.test(source))

/** `require(…)`, `createRequire(…)(…)`, `process.getBuiltinModule(…)` */
function isLoading(callee: Node): boolean {
  if (callee.type === 'CallExpression') return nameOf(callee.callee) === 'createRequire'
  return nameOf(callee) === 'require' || nameOf(callee.property) === 'getBuiltinModule'
}

function hasFetch(argument: Node | undefined): boolean {
  const properties = argument?.type === 'ObjectExpression' ? (argument.properties as Node[]) : []
  return properties.some(property => nameOf(property.key) === 'fetch')
}

interface Found {
  node: Node
  /** An identifier that stands for a value. */
  refers: boolean
  /** An identifier that is given a value here. */
  binds: boolean
}

/** Every node; types are left out, so that `typeof fetch` is none. */
function* walk(value: unknown, parent?: Node, field = '', binding = false): Generator<Found> {
  if (Array.isArray(value)) {
    for (const item of value) yield* walk(item, parent, field, binding)
    return
  }
  if (value === null || typeof value !== 'object') return
  const node = value as Node
  const isNode = typeof node.type === 'string' && typeof node.start === 'number'
  if (isNode && /^TS(?!As|Satisfies|NonNull|Export|Parameter|Instantiation)/.test(node.type)) return
  if (isNode) {
    const named = node.type === 'Identifier' && !isLabel(parent, field)
    yield { node, refers: named && !binding, binds: named && binding }
  }
  for (const [key, inner] of Object.entries(node)) {
    if (key === 'parent') continue
    yield* walk(inner, isNode ? node : parent, isNode ? key : field, bindsIn(node, key, binding))
  }
}

/** A name that says which part of something is meant. */
function isLabel(parent: Node | undefined, field: string): boolean {
  if (!parent || parent.computed === true) return false
  if (parent.type === 'MemberExpression') return field === 'property'
  if (/^(?:Property|MethodDefinition|PropertyDefinition|AccessorProperty)$/.test(parent.type))
    return field === 'key' && parent.shorthand !== true
  return /^(?:ImportSpecifier|ExportSpecifier)$/.test(parent.type) && (field === 'imported' || field === 'exported')
}

/** Whether what stands there is given a name. */
function bindsIn(node: Node, key: string, binding: boolean): boolean {
  if (/^(?:FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/.test(node.type))
    return key === 'params' || key === 'id'
  if (node.type === 'VariableDeclarator' || node.type === 'ClassDeclaration') return key === 'id'
  if (node.type === 'CatchClause') return key === 'param'
  if (node.type === 'ImportSpecifier' || node.type === 'ImportDefaultSpecifier') return key === 'local'
  if (node.type === 'AssignmentPattern') return binding && key === 'left'
  if (node.type === 'Property') return binding && key === 'value'
  return binding && (/Pattern$|^RestElement$/.test(node.type) || typeof node.type !== 'string')
}

/** Of an identifier, or of a name written as text. */
function nameOf(value: unknown): string | undefined {
  const node = value as Node | null | undefined
  return node?.type === 'Identifier' ? (node.name as string) : textOf(node)
}

function textOf(value: unknown): string | undefined {
  const node = value as Node | null | undefined
  return node?.type === 'Literal' && typeof node.value === 'string' ? node.value : undefined
}
