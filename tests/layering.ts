/**
 * Who may import whom. The table below is the rule; `layering.test.ts` holds every file of ours against it, and shows
 * with wrong examples that it would notice.
 */
import { posix } from 'node:path'
import { parseAst } from 'vitest/node'

const base = ['shared/model', 'shared/errors.ts', 'shared/messages']
const contracts = [...base, 'shared/ports.ts', 'shared/api']
/** Folders of the core that never see each other: what one needs of another, `core.ts` hands in. */
const apart = folders('workspace chats ingest folders retrieve jobs gateway')
/** Those that stand on them, and see what lies below. */
const above = folders('answer agents eval backup sync')
/** What the outside world is reached through. */
const adapters = folders(
  'db queue events blobs models providers parsers processes secrets cache egress tools mail watch',
)
const core = [
  ...contracts,
  'shared/log.ts',
  'shared/data-directory.ts',
  'shared/files',
  'shared/store',
  ...apart,
  ...above,
  'shared/core.ts',
]

/** A part (a folder or a file) and the parts it may import besides itself. */
export const allowed: Record<string, readonly string[]> = {
  'shared/model': [],
  'shared/errors.ts': ['shared/model'],
  'shared/messages': ['shared/model', 'shared/errors.ts'],
  'shared/api': base,
  'shared/ports.ts': base,
  'shared/log.ts': [...base, 'shared/ports.ts'],
  'shared/data-directory.ts': [],
  // What the system's folders ask of everybody who writes to them.
  'shared/files': [],
  'shared/store': contracts,
  ...each(apart, [...contracts, 'shared/store']),
  ...each(above, [...contracts, 'shared/files', 'shared/store', ...apart]),
  'shared/core.ts': core,
  ...each(adapters, [...base, 'shared/ports.ts', 'shared/files']),
  // With the catalog, a file of facts.
  'shared/models': [...base, 'shared/ports.ts', 'shared/files', 'models'],
  models: [],
  main: [...core, ...adapters],
  server: [...core, ...adapters],
  // Samples as files that can be tried, not as code.
  renderer: [...base, 'shared/api', 'samples'],
  samples: [],
}

/** Only these may import a package, or its namesake and what starts with it and a slash. */
const packages: Record<string, (file: string) => boolean> = {
  electron: file => file === 'main/index.ts' || file === 'main/preload.ts',
  express: file => file.startsWith('server/'),
  react: file => file.startsWith('renderer/'),
  'react-dom': file => file.startsWith('renderer/'),
  // Types are anyone's: the port of the database is a Kysely dialect.
  kysely: file => /^shared\/(store|db|queue)\/|^server\/auth\//.test(file),
}
const environment = ['server/config.ts', 'main/index.ts']
/** Begins what it is told to. */
const loader = 'shared/processes/utility-entry.ts'
const portsLines = 350

/** Tests, contract suites and what they start may import everything in `shared`, `tests` and `scripts`, by any path. */
const isTest = (file: string) => /(\.test|(^|\/)(contract|fixture)[^/]*)\.tsx?$/.test(file)

/** `files`: text by path from the root of the project, with `/`. What is wrong, a line for each; nothing when all is well. */
export function findViolations(files: ReadonlyMap<string, string>): string[] {
  return [...files].flatMap(([file, text]) =>
    [...check(file, text)].map(({ line, problem }) => `${file}:${line} ${problem}`),
  )
}

interface Finding {
  line: number
  problem: string
}

function* check(file: string, text: string): Generator<Finding> {
  const lineAt = (offset: number) => text.slice(0, offset).split('\n').length
  const part = partOf(file)
  if (!part) return yield { line: 1, problem: 'lies in no part that tests/layering.ts knows: give it its place there' }
  if (file === 'shared/ports.ts' && text.trimEnd().split('\n').length > portsLines)
    yield { line: portsLines, problem: `has more than ${portsLines} lines: a port has one to five verbs` }

  for (const found of facts(file, text)) {
    const at = (problem: string) => ({ line: lineAt(found.start), problem })
    if (found.kind === 'import') {
      const problem = found.specifier.startsWith('.')
        ? refuseFile(file, part, posix.join(posix.dirname(file), found.specifier))
        : refusePackage(file, found)
      if (problem) yield at(problem)
    } else if (found.kind === 'any') yield at('uses `any`: say what it is, or `unknown`')
    else if (found.kind === 'computed') {
      if (!isTest(file) && file !== loader) yield at('imports what only running it would tell: write the path out')
    } else if (!environment.includes(file) && !isTest(file))
      yield at(`reads process.env: only ${environment.join(' and ')} do, and hand it on`)
  }
}

function refuseFile(file: string, part: string, target: string): string | undefined {
  const other = partOf(target)
  if (other === part) return undefined
  if (isTest(file)) {
    if (/^(shared|tests|scripts)\//.test(target)) return undefined
    return `imports ${target}. Tests may import: shared, tests, scripts, and the folder they lie in`
  }
  if (isTest(target)) return `imports ${target}, a test`
  if (other && allowed[part].includes(other)) return undefined
  return `imports ${target}. ${part} may import: ${[...allowed[part], 'itself'].join(', ')}`
}

function refusePackage(file: string, { specifier, type }: { specifier: string; type: boolean }): string | undefined {
  if (file.startsWith('renderer/') && specifier.startsWith('node:'))
    return `imports ${specifier}: a browser has no Node`
  if (isTest(file)) return undefined
  const [name, may] =
    Object.entries(packages).find(([name]) => specifier === name || specifier.startsWith(`${name}/`)) ?? []
  if (!name || !may || may(file)) return undefined
  if (name !== 'kysely') return `imports ${specifier}: this is not the place for ${name}`
  return type ? undefined : `imports ${specifier}: all SQL of the core stands in shared/store`
}

/** The longest key of the table that the path lies in. */
function partOf(file: string): string | undefined {
  const names = Object.keys(allowed).filter(name => file === name || file.startsWith(`${name}/`))
  return names.sort((a, b) => b.length - a.length)[0]
}

type Fact =
  | { kind: 'import'; specifier: string; type: boolean; start: number }
  | { kind: 'computed' | 'environment' | 'any'; start: number }

interface Node {
  type: string
  start: number
  [field: string]: unknown
}

/** What a file imports, by whatever syntax, and the other things that are watched. */
function* facts(file: string, text: string): Generator<Fact> {
  const program = parseAst(text, { lang: file.endsWith('x') ? 'tsx' : 'ts' }) as unknown as Node
  for (const node of nodesOf(program)) {
    const { type, start } = node
    const imported = (source: unknown, asType: boolean): Fact => {
      const specifier = textOf(source)
      return specifier === undefined ? { kind: 'computed', start } : { kind: 'import', specifier, type: asType, start }
    }
    if (type === 'TSAnyKeyword') yield { kind: 'any', start }
    else if (type === 'ImportDeclaration') {
      const names = node.specifiers as Node[]
      const onlyTypes = names.length > 0 && names.every(name => name.importKind === 'type')
      yield imported(node.source, node.importKind === 'type' || onlyTypes)
      const fromProcess = /^(node:)?process$/.test(textOf(node.source) ?? '')
      if (fromProcess && names.some(name => nameOf(name.imported) === 'env')) yield { kind: 'environment', start }
    } else if (type === 'ExportAllDeclaration' || (type === 'ExportNamedDeclaration' && node.source))
      yield imported(node.source, node.exportKind === 'type')
    else if (type === 'ImportExpression') yield imported(node.source, false)
    else if (type === 'TSImportType') yield imported(node.source, true)
    else if (type === 'CallExpression' && isResolving(node.callee)) yield imported((node.arguments as Node[])[0], false)
    else if (type === 'NewExpression' && nameOf(node.callee) === 'URL' && isMeta((node.arguments as Node[])[1], 'url'))
      yield imported((node.arguments as Node[])[0], false)
    else if (type === 'MemberExpression' && nameOf(node.property) === 'env' && isProcess(node.object))
      yield { kind: 'environment', start }
    else if (type === 'VariableDeclarator' && isProcess(node.init) && takesEnvironment(node.id))
      yield { kind: 'environment', start }
  }
}

function* nodesOf(value: unknown): Generator<Node> {
  if (Array.isArray(value)) for (const item of value) yield* nodesOf(item)
  else if (value !== null && typeof value === 'object') {
    if ('type' in value && 'start' in value) yield value as Node
    for (const inner of Object.values(value)) yield* nodesOf(inner)
  }
}

/** `require(…)`, `import.meta.resolve(…)` */
function isResolving(callee: unknown): boolean {
  return nameOf(callee) === 'require' || isMeta(callee, 'resolve')
}

function isMeta(value: unknown, property: string): boolean {
  const node = value as Node | undefined
  return (
    node?.type === 'MemberExpression' &&
    (node.object as Node).type === 'MetaProperty' &&
    nameOf(node.property) === property
  )
}

/** `process`, `globalThis.process` */
function isProcess(value: unknown): boolean {
  const node = value as Node | null | undefined
  return nameOf(node) === 'process' || (node?.type === 'MemberExpression' && nameOf(node.property) === 'process')
}

/** `{ env }`, `{ ...everything }` */
function takesEnvironment(pattern: unknown): boolean {
  const properties = (pattern as Node).type === 'ObjectPattern' ? ((pattern as Node).properties as Node[]) : []
  return properties.some(property => property.type === 'RestElement' || nameOf(property.key) === 'env')
}

/** Of an identifier, or of a name written as text. */
function nameOf(value: unknown): string | undefined {
  const node = value as Node | null | undefined
  return node?.type === 'Identifier' ? (node.name as string) : textOf(node)
}

/** Of a literal, or of a template without holes. */
function textOf(value: unknown): string | undefined {
  const node = value as Node | null | undefined
  if (node?.type === 'TSLiteralType') return textOf(node.literal)
  if (node?.type === 'Literal' && typeof node.value === 'string') return node.value
  const pieces = node?.type === 'TemplateLiteral' ? (node.quasis as { value: { cooked: string } }[]) : []
  return pieces.length === 1 ? pieces[0].value.cooked : undefined
}

function folders(names: string): string[] {
  return names.split(' ').map(name => `shared/${name}`)
}

function each(parts: readonly string[], may: readonly string[]): Record<string, readonly string[]> {
  return Object.fromEntries(parts.map(part => [part, may]))
}
