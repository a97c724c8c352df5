/** What built JavaScript names of other files and packages, by whatever syntax: what must lie in the installation with it. */
import { parseSync } from 'vite'

export interface Reference {
  /** As it stands there: a package, `node:…`, or a path. */
  specifier: string
  /** Of a relative one: what it is relative to, as a path from the file that it stands in. Undefined: that file itself. */
  base?: string
  /** `dynamic`: when that place is reached. */
  kind: 'import' | 'dynamic' | 'require' | 'resolve' | 'url'
  line: number
}

interface Node {
  type: string
  start: number
  [field: string]: unknown
}

/** Throws for text that is no JavaScript. */
export function referencesOf(file: string, text: string): Reference[] {
  const parsed = parseSync(file, text)
  const [problem] = parsed.errors
  if (problem) throw new Error(`${file}: ${problem.message}`)
  // Its tree is costly, and many files of packages name nothing.
  if (!/\b(?:import|from|require|createRequire)\b/.test(text)) return []
  const nodes: Node[] = []
  collect(parsed.program, nodes)
  const requires = new Map<string, Base>([['require', undefined]])
  for (const { type, id, init } of nodes) {
    if (type === 'VariableDeclarator' && isCallOf(init, 'createRequire'))
      requires.set(nameOf(id) ?? '', baseOf(argument(init)))
  }
  const found: Reference[] = []
  const ends = [...text.matchAll(/\n/g)].map(({ index }) => index)
  const lineOf = (at: number) => {
    let [low, high] = [0, ends.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((ends[middle] ?? 0) < at) low = middle + 1
      else high = middle
    }
    return low + 1
  }
  const add = (kind: Reference['kind'], node: Node, source: unknown, base?: Base) => {
    const specifier = textOf(source)
    if (specifier === undefined) return
    if (base === null) {
      if (packageOf(specifier) !== undefined) found.push({ specifier, kind, line: lineOf(node.start) })
      return
    }
    found.push({ specifier, kind, line: lineOf(node.start), ...(base !== undefined && { base }) })
  }
  for (const node of nodes) {
    const { type } = node
    if (type === 'ImportDeclaration' || type === 'ExportAllDeclaration' || type === 'ExportNamedDeclaration')
      add('import', node, node.source)
    else if (type === 'ImportExpression') add('dynamic', node, node.source)
    else if (type === 'NewExpression' && nameOf(node.callee) === 'URL' && isMetaUrl((node.arguments as Node[])[1]))
      add('url', node, argument(node))
    else if (type === 'CallExpression') {
      const callee = node.callee as Node
      const name = nameOf(callee) ?? ''
      if (callee.type === 'Identifier' && requires.has(name)) add('require', node, argument(node), requires.get(name))
      else if (isCallOf(callee, 'createRequire')) add('require', node, argument(node), baseOf(argument(callee)))
      else if (callee.type === 'MemberExpression' && nameOf(callee.property) === 'resolve') {
        const object = callee.object as Node
        if (object.type === 'MetaProperty') add('resolve', node, argument(node))
        else if (object.type === 'Identifier' && requires.has(nameOf(object) ?? ''))
          add('resolve', node, argument(node), requires.get(nameOf(object) ?? ''))
      }
    }
  }
  return found
}

/** The package that a specifier names; undefined for a path. */
export function packageOf(specifier: string): string | undefined {
  if (/^(?:[./#]|[a-z]+:)/i.test(specifier)) return undefined
  return specifier.match(/^(?:@[^/]+\/)?[^/]+/)?.[0]
}

const naming = new Set([
  'VariableDeclarator',
  'ImportDeclaration',
  'ExportAllDeclaration',
  'ExportNamedDeclaration',
  'ImportExpression',
  'NewExpression',
  'CallExpression',
])

/** In the order of the text. No generator: one in the other for each level of a tree takes ten times as long as what is done here. */
function collect(value: unknown, into: Node[]): void {
  if (Array.isArray(value)) for (const item of value) collect(item, into)
  else if (value !== null && typeof value === 'object') {
    if (isNode(value) && naming.has(value.type)) into.push(value)
    for (const inner of Object.values(value)) if (typeof inner === 'object') collect(inner, into)
  }
}

const isNode = (value: object): value is Node => 'type' in value && 'start' in value

const argument = (call: unknown) => ((call as Node | undefined)?.arguments as Node[] | undefined)?.[0]

function isCallOf(value: unknown, name: string): boolean {
  const node = value as Node | null | undefined
  if (node?.type !== 'CallExpression') return false
  const callee = node.callee as Node
  // A name that was taken already gets a number; of a whole module, it is a property.
  const called = callee.type === 'MemberExpression' ? nameOf(callee.property) : nameOf(callee)
  return called?.replace(/\$\d+$/, '') === name
}

/** Where a name is looked for from: undefined for the file itself, null where only running it would tell. */
type Base = string | undefined | null

/** `import.meta.url`; `new URL('…', import.meta.url)`, or its `href`. */
function baseOf(value: unknown): Base {
  const node = value as Node | undefined
  if (isMetaUrl(node)) return undefined
  if (node?.type === 'MemberExpression' && nameOf(node.property) === 'href') return baseOf(node.object)
  return node?.type === 'NewExpression' && nameOf(node.callee) === 'URL' ? (textOf(argument(node)) ?? null) : null
}

/** `import.meta.url`, or `import.meta['url']`. */
function isMetaUrl(value: unknown): boolean {
  const node = value as Node | undefined
  return (
    node?.type === 'MemberExpression' &&
    (node.object as Node).type === 'MetaProperty' &&
    (nameOf(node.property) ?? textOf(node.property)) === 'url'
  )
}

function nameOf(value: unknown): string | undefined {
  const node = value as Node | null | undefined
  return node?.type === 'Identifier' ? (node.name as string) : undefined
}

function textOf(value: unknown): string | undefined {
  const node = value as Node | null | undefined
  if (node?.type === 'Literal' && typeof node.value === 'string') return node.value
  const pieces = node?.type === 'TemplateLiteral' ? (node.quasis as { value: { cooked: string } }[]) : []
  return pieces.length === 1 ? pieces[0]?.value.cooked : undefined
}
