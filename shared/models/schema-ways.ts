/**
 * In how many ways at once a text may be read while it is written. llama.cpp keeps each of them, and where one is nested in another they
 * multiply: thirty levels of two are more than any machine has memory for.
 */
import { isObject, type Schema } from './schema.ts'

/** Alternatives nested in alternatives that begin alike. Schemas in use have 1 to 8. */
const mostWays = 64
const furthest = 16
/** Of a beginning, letters that are compared. */
const longest = 100

/** What is left of the beginnings that are compared, of all schemas of a request. */
export interface Beginnings {
  left: number
}

/**
 * How many of them may begin alike. `look`: the schema with all that `allOf` says, or what it points to. Ways to a beginning multiply with
 * each level of what is pointed to: when none of them are left, all branches count as alike.
 */
export function overlapping(
  branches: readonly unknown[],
  look: (schema: Schema) => unknown,
  beginnings: Beginnings,
): number {
  const each = branches.map(branch => beginningsOf(branch, look, 0, beginnings))
  return beginnings.left < 0 ? branches.length : mostAlike(each)
}

/** The most that have a beginning in common with one of them, itself included. In order, what begins with a text comes right after it. */
function mostAlike(each: readonly (readonly string[])[]): number {
  /** Sets of branches, a bit for each. */
  const alike = each.map((_, branch) => 1n << BigInt(branch))
  const byText = new Map<string, number[]>()
  for (const [branch, texts] of each.entries())
    for (const text of new Set(texts)) {
      const same = byText.get(text)
      if (same) same.push(branch)
      else byText.set(text, [branch])
    }
  const open: { text: string; branches: readonly number[]; above: bigint; below: bigint }[] = []
  const close = () => {
    const { branches, above, below } = open.pop()!
    for (const branch of branches) alike[branch]! |= above | below
    const parent = open.at(-1)
    if (parent) parent.below |= below
  }
  for (const text of [...byText.keys()].sort()) {
    while (open.length > 0 && !text.startsWith(open.at(-1)!.text)) close()
    const branches = byText.get(text)!
    const own = branches.reduce((all, branch) => all | (1n << BigInt(branch)), 0n)
    open.push({ text, branches, above: own | (open.at(-1)?.above ?? 0n), below: own })
  }
  while (open.length > 0) close()
  return Math.max(...alike.map(set => set.toString(2).replaceAll('0', '').length))
}

/** What a text of it begins with, as far as that is certain. */
function beginningsOf(
  given: unknown,
  look: (schema: Schema) => unknown,
  depth: number,
  beginnings: Beginnings,
): string[] {
  if (--beginnings.left < 0) return ['']
  const schema = isObject(given) ? look(given) : given
  if (!isObject(schema) || depth > furthest) return ['']
  if (schema.$ref !== undefined) return beginningsOf(schema, look, depth + 1, beginnings)
  const text = (value: unknown) => {
    const all = written(value)
    // Also what is long costs.
    beginnings.left -= 1 + all.length / longest
    return all.slice(0, longest)
  }
  if (schema.const !== undefined) return [text(schema.const)]
  if (Array.isArray(schema.enum)) return schema.enum.map(value => (beginnings.left < 0 ? '' : text(value)))
  const branches = schema.anyOf ?? schema.oneOf
  if (Array.isArray(branches)) return branches.flatMap(branch => beginningsOf(branch, look, depth + 1, beginnings))
  const types = Array.isArray(schema.type) ? schema.type : [schema.type]
  return types.map(type => {
    if (type === 'array') return '['
    if (type === 'string') return '"'
    if (type === 'boolean' || type === 'null') return String(type)
    if (type === 'integer' || type === 'number') return '0'
    if (type !== 'object') return ''
    const properties = isObject(schema.properties) ? schema.properties : {}
    const [first] = Object.keys(properties)
    if (first === undefined || !Array.isArray(schema.required) || !schema.required.includes(first)) return '{'
    const key = `{${text(first)}: `
    const value = properties[first]
    if (!isObject(value)) return key
    if (value.const !== undefined) return key + text(value.const)
    return Array.isArray(value.enum) && value.enum.length === 1 ? key + text(value.enum[0]) : key
  })
}

function written(value: unknown): string {
  if (typeof value === 'number') return '0'
  return typeof value === 'boolean' ? 'boolean' : JSON.stringify(value)
}

export interface Ways {
  /** Within one part that others point to, `from` its name: so many ways at this place, which may be one that points to another. */
  note(from: string, ways: number, to?: string): void
  /** Whether it stays bounded, also where parts contain themselves. */
  bounded(): boolean
}

export function createWays(): Ways {
  const own = new Map<string, number>()
  const edges: { from: string; to: string; ways: number }[] = []

  return {
    note(from, ways, to) {
      own.set(from, Math.max(own.get(from) ?? 1, ways))
      if (to === undefined) return
      own.set(to, own.get(to) ?? 1)
      edges.push({ from, to, ways })
    },
    bounded() {
      const into = new Map<string, { from: string; ways: number }[]>()
      for (const { to, ...edge } of edges) into.get(to)?.push(edge) ?? into.set(to, [edge])
      // What contains itself in more than one way has twice as many with each round.
      const changed = new Set(own.keys())
      for (const to of changed) {
        changed.delete(to)
        for (const { from, ways } of into.get(to) ?? []) {
          const all = ways * own.get(to)!
          if (all <= own.get(from)!) continue
          if (all > mostWays) return false
          own.set(from, all)
          changed.add(from)
        }
      }
      return [...own.values()].every(ways => ways <= mostWays)
    },
  }
}
