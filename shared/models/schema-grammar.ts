/** JSON schemas as llama.cpp's grammars (GBNF): what a model writes under one fits, apart from what is told to be loosened. */
import { AppError } from '../errors.ts'
import { createPointers, isObject, type Schema } from './schema.ts'
import { integersBetween } from './schema-integers.ts'
import { type Beginnings, createWays, overlapping } from './schema-ways.ts'

export interface Grammar {
  /** Name of a rule for what fits the schema. Throws `input-invalid` where it is none, nothing fits, or it is too large. */
  add(schema: unknown): string
  /** A rule of one's own, in the notation of grammars. */
  rule(expression: string): string
  /** The whole, which begins with this rule. */
  text(root: string): string
  /** Words of schemas that no grammar says here: what is written may not fit them. */
  readonly loosened: ReadonlySet<string>
}

/** A schema comes from strangers. Those of tools in use have some 50 parts. */
const mostParts = 2_000
const mostMerged = 500
/** Of names that `allOf` puts together. */
const mostNames = 20_000
const mostBranches = 100
const mostValues = 500
const deepest = 48
/** Of names and values that are written out, in all. */
const mostLetters = 100_000
/** llama.cpp writes `x{0,n}` out as n rules. */
const mostTimes = 200
/**
 * Of all schemas of a request: a hundred tools have some 3,000 parts. llama.cpp reads a grammar of 10,000 parts in 0.1 s, and one of
 * 1.8 million `times` in 2.7 s and 0.5 GB: beyond these, lengths are loosened.
 */
const mostTogether = { parts: 10_000, letters: 400_000, times: 200_000, beginnings: 20_000 }

const primitives: Record<string, string> = {
  // No half of a pair of UTF-16, nothing beyond Unicode: it would read as another text.
  char: String.raw`[ !#-\x5B\x5D-\x7E\u0080-\uD7FF\uE000-\U0010FFFF] | "\\" (["\\/bfnrt] | "u" ([0-9a-cA-CefEF] hex hex hex | [dD] [0-7] hex hex))`,
  hex: '[0-9a-fA-F]',
  digit: '[0-9]',
  string: String.raw`"\"" char* "\""`,
  natural: '"0" | [1-9] [0-9]{0,14}',
  integer: '"-"? natural',
  positive: 'natural ("." [0-9]{1,15})? ([eE] [-+]? [0-9]{1,2})?',
  number: '"-"? positive',
  boolean: '"true" | "false"',
  null: '"null"',
  pair: 'string ": " value',
  object: '"{" (pair (", " pair)*)? "}"',
  array: '"[" (value (", " value)*)? "]"',
  value: 'object | array | string | number | boolean | null',
  year: '[0-9]{3} [1-9]',
  // No 29 to 31: not every month has them.
  date: 'year "-" ("0" [1-9] | "1" [0-2]) "-" ("0" [1-9] | "1" [0-9] | "2" [0-8])',
  clock: '([01] [0-9] | "2" [0-3]) ":" [0-5] [0-9] ":" [0-5] [0-9]',
  zone: '"Z" | [-+] ([01] [0-9] | "2" [0-3]) ":" [0-5] [0-9]',
  uuid: 'hex{8} "-" hex{4} "-" hex{4} "-" hex{4} "-" hex{12}',
}
const formats: Record<string, string> = {
  date: 'date',
  time: 'clock zone',
  'date-time': 'date "T" clock zone',
  uuid: 'uuid',
}
const beyondGrammar = [
  'not',
  'if',
  'contains',
  'dependencies',
  'dependentRequired',
  'dependentSchemas',
  'minProperties',
  'maxProperties',
  'multipleOf',
  'pattern',
  'patternProperties',
  'propertyNames',
  'unevaluatedItems',
  'unevaluatedProperties',
  'uniqueItems',
]
const notes = new Set([
  '$comment',
  '$defs',
  '$id',
  '$schema',
  'default',
  'definitions',
  'deprecated',
  'description',
  'examples',
  'title',
])

/** What is left for all grammars that are made of one request. */
export interface Allowance {
  parts: number
  letters: number
  times: number
  beginnings: Beginnings
}

export function createAllowance(): Allowance {
  return { ...mostTogether, beginnings: { left: mostTogether.beginnings } }
}

export function createGrammar(allowance = createAllowance()): Grammar {
  const rules: string[] = Object.entries(primitives).map(([name, expression]) => `${name} ::= ${expression}`)
  const loosened = new Set<string>()

  function rule(expression: string): string {
    const name = `r${rules.length}`
    rules.push(`${name} ::= ${expression}`)
    return name
  }

  function add(root: unknown): string {
    const pointers = createPointers(root)
    /** Rules of what is pointed to: a schema may contain itself. */
    const named = new Map<string, string>()
    const waysOf = createWays()
    /** What `$ref` leads to is written once, under its pointer. */
    let within = ''
    let parts = 0
    let joined = 0
    let names = 0
    let letters = 0

    function part(depth: number): void {
      if (++parts > mostParts || depth > deepest) throw refused('too large')
      if (--allowance.parts < 0) throw tooMany()
    }

    function literal(value: unknown): string {
      const text = JSON.stringify(value)
      if (text === undefined) throw refused('a value that is none of JSON')
      letters += text.length
      allowance.letters -= text.length
      if (letters > mostLetters) throw refused('too large')
      if (allowance.letters < 0) throw tooMany()
      return `"${text.replace(/["\\]/g, sign => `\\${sign}`)}"`
    }

    /** `open`: what is being followed without a sign written since; once more would be for ever. */
    function visit(given: unknown, depth: number, open: readonly string[], ways: number): string {
      part(depth)
      if (given === true) return 'value'
      if (!isObject(given)) throw refused(given === false ? 'nothing fits' : 'not a schema')
      const schema = flat(given)
      if (typeof schema.$ref === 'string') return follow(schema, schema.$ref, depth, open, ways)
      for (const word of beyondGrammar) if (schema[word] !== undefined && schema[word] !== false) loosened.add(word)
      if (schema.const !== undefined) return rule(literal(schema.const))
      if (Array.isArray(schema.enum)) {
        if (schema.enum.length === 0) throw refused('nothing fits')
        if (schema.enum.length > mostValues) throw refused('too large')
        return rule(schema.enum.map(literal).join(' | '))
      }
      for (const word of ['anyOf', 'oneOf'] as const) {
        const { [word]: branches, ...base } = schema
        if (branches === undefined) continue
        if (!Array.isArray(branches) || branches.length === 0) throw refused(word)
        if (word === 'oneOf') loosened.add(word)
        const limits = Object.keys(base).some(name => !notes.has(name))
        if (branches.length > mostBranches) throw refused('too large')
        const all = limits ? branches.map(branch => ({ allOf: [base, branch] })) : branches
        const more = ways * overlapping(all, look, allowance.beginnings)
        waysOf.note(within, more)
        const each = all.map(branch => visit(branch, depth + 1, open, more))
        return rule(each.join(' | '))
      }
      const types = typesOf(schema)
      if (types.length === 0) return 'value'
      const each = types.map(type => ofType(type, schema, depth, ways))
      return each.length === 1 ? each[0] : rule(each.join(' | '))
    }

    function follow(schema: Schema, pointer: string, depth: number, open: readonly string[], ways: number): string {
      if (open.includes(pointer)) throw refused('$ref leads to itself')
      if (Object.keys(schema).some(name => name !== '$ref' && !notes.has(name))) loosened.add('$ref')
      waysOf.note(within, ways, pointer)
      const known = named.get(pointer)
      if (known !== undefined) return known
      const name = `r${rules.length}`
      const place = rules.push('') - 1
      named.set(pointer, name)
      const outer = within
      within = pointer
      rules[place] = `${name} ::= ${visit(pointers.target(pointer), depth + 1, [...open, pointer], 1)}`
      within = outer
      return name
    }

    function ofType(type: string, schema: Schema, depth: number, ways: number): string {
      if (type === 'object') return ofObject(schema, depth, ways)
      if (type === 'array') return ofArray(schema, depth, ways)
      if (type === 'string') return ofString(schema)
      if (type === 'integer' || type === 'number') return ofNumber(type, schema)
      if (type === 'boolean' || type === 'null') return type
      throw refused('an unknown type')
    }

    /** Names in the order of the schema; others only where it names none. */
    function ofObject(schema: Schema, depth: number, ways: number): string {
      const { properties = {}, required = [], additionalProperties: others = true } = schema
      if (!isObject(properties) || !Array.isArray(required)) throw refused('properties')
      const needed = new Set(required.filter(name => typeof name === 'string'))
      const entries = new Map<string, unknown>(Object.entries(properties))
      for (const name of needed) if (!entries.has(name)) entries.set(name, others)
      if (entries.size === 0) {
        if (others === false) return rule('"{}"')
        const pair = others === true ? 'pair' : rule(`string ": " ${visit(others, depth + 1, [], ways)}`)
        return pair === 'pair' ? 'object' : rule(`"{" (${pair} (", " ${pair})*)? "}"`)
      }
      // What may follow, as long as nothing stands there, and behind something.
      let [first, next] = ['"}"', '"}"']
      for (const [name, value] of [...entries].reverse()) {
        if (value === false && !needed.has(name)) {
          part(depth)
          continue
        }
        const written = rule(`${literal(name)} ": " ${visit(value, depth + 1, [], ways)}`)
        const both = [`${written} ${next}`, `", " ${written} ${next}`]
        if (!needed.has(name)) [both[0], both[1]] = [`${both[0]} | ${first}`, `${both[1]} | ${next}`]
        ;[first, next] = [rule(both[0]), rule(both[1])]
      }
      return rule(`"{" ${first}`)
    }

    function ofArray(schema: Schema, depth: number, ways: number): string {
      const tuple = [schema.prefixItems, schema.items].find(Array.isArray) ?? []
      const others = Array.isArray(schema.items) ? schema.additionalItems : schema.items
      const least = times(schema.minItems, 'minItems') ?? 0
      const limit = times(schema.maxItems, 'maxItems')
      if (limit !== undefined && limit < least) throw refused('nothing fits')
      const begun = tuple.slice(0, limit).map(item => visit(item, depth + 1, [], ways))
      const most = others === false ? 0 : limit === undefined ? undefined : limit - begun.length
      const rest = Math.max(0, least - begun.length)
      if (most !== undefined && rest > most) throw refused('nothing fits')
      if (begun.length === 0 && most === 0) return rule('"[]"')
      if (begun.length > 0 && most === 0) return rule(`"[" ${begun.join(' ", " ')} "]"`)
      const item = others === undefined || others === true ? 'value' : visit(others, depth + 1, [], ways)
      const more = (from: number, to: number | undefined) => `(", " ${item}){${from},${to ?? ''}}`
      if (begun.length > 0) return rule(`"[" ${begun.join(' ", " ')} ${more(rest, most)} "]"`)
      const all = `${item} ${more(Math.max(0, rest - 1), most === undefined ? undefined : most - 1)}`
      return rule(`"[" ${rest === 0 ? `(${all})?` : all} "]"`)
    }

    function ofString(schema: Schema): string {
      const { minLength, maxLength, format } = schema
      const form = typeof format === 'string' && Object.hasOwn(formats, format) ? formats[format] : undefined
      if (form !== undefined) {
        if (minLength !== undefined || maxLength !== undefined) loosened.add('minLength')
        return rule(String.raw`"\"" ${form} "\""`)
      }
      const [least = 0, most] = [times(minLength, 'minLength'), times(maxLength, 'maxLength')]
      if (most !== undefined && most < least) throw refused('nothing fits')
      if (least === 0 && most === undefined) return 'string'
      return rule(String.raw`"\"" char{${least},${most ?? ''}} "\""`)
    }

    function ofNumber(type: 'integer' | 'number', schema: Schema): string {
      const bound = (word: string, exclusive: string, sign: 1 | -1): number | undefined => {
        const shut = typeof schema[word] === 'number' ? schema[word] : undefined
        const open = schema[exclusive] === true ? shut : schema[exclusive]
        const beyond = typeof open === 'number' ? (type === 'number' ? open : nextWhole(open, sign)) : undefined
        const all = [shut, beyond].filter(value => value !== undefined)
        return all.length === 0 ? undefined : sign === 1 ? Math.max(...all) : Math.min(...all)
      }
      const [from, to] = [bound('minimum', 'exclusiveMinimum', 1), bound('maximum', 'exclusiveMaximum', -1)]
      if (from === undefined && to === undefined) return type
      if (type === 'integer') {
        const expression = integersBetween(Math.ceil(from ?? -Infinity), Math.floor(to ?? Infinity))
        if (expression === undefined) throw refused('nothing fits')
        return rule(expression)
      }
      // Which decimals lie between two is more than is worth saying: the sign is kept, the rest looked at afterwards.
      if (from !== 0 || to !== undefined || schema.exclusiveMinimum !== undefined) loosened.add('minimum')
      return from !== undefined && from >= 0 ? 'positive' : 'number'
    }

    function look(schema: Schema): unknown {
      const whole = flat(schema)
      return typeof whole.$ref === 'string' ? pointers.target(whole.$ref) : whole
    }

    /** All that `allOf` says, as one; what says two things at once is refused. */
    function flat(schema: Schema): Schema {
      if (!Array.isArray(schema.allOf)) return schema
      const { allOf, ...rest } = schema
      let merged: Record<string, unknown> = { ...rest }
      for (const part of allOf) {
        // Also where it leads to itself.
        if (++joined > mostMerged) throw refused('too large')
        if (part === true) continue
        const pointed = isObject(part) && typeof part.$ref === 'string' ? pointers.target(part.$ref) : part
        if (!isObject(pointed)) throw refused('allOf')
        const other = flat(pointed)
        names += nameCount(merged) + nameCount(other)
        if (names > mostNames) throw refused('too large')
        merged = merge(merged, other)
      }
      return merged
    }

    if (letterCount(root) > mostLetters) throw refused('too large')
    const name = visit(root, 0, [], 1)
    if (!waysOf.bounded()) throw refused('too many ways to read it')
    return name
  }

  function times(value: unknown, word: string): number | undefined {
    if (value === undefined) return
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 0) throw refused(word)
    if (value <= mostTimes && value <= allowance.times) {
      allowance.times -= value
      return value
    }
    loosened.add(word)
    return
  }

  return { add, rule, loosened, text: root => ['root ::= ', root, '\n', rules.join('\n'), '\n'].join('') }
}

function nameCount({ properties, required }: Schema): number {
  const [named, needed] = [isObject(properties) ? Object.keys(properties) : [], Array.isArray(required) ? required : []]
  return named.length + needed.length
}

function merge(one: Record<string, unknown>, other: Schema): Record<string, unknown> {
  const merged: Record<string, unknown> = { ...one }
  for (const [word, value] of Object.entries(other)) {
    const before = merged[word]
    if (before === undefined || notes.has(word)) merged[word] = value
    else if (word === 'required' && Array.isArray(before) && Array.isArray(value))
      merged[word] = [...new Set([...before, ...value])]
    else if (word === 'properties' && isObject(before) && isObject(value)) {
      const shared = Object.keys(value).filter(name => Object.hasOwn(before, name))
      const both = shared.map(name => [name, { allOf: [before[name], value[name]] }])
      merged[word] = { ...before, ...value, ...Object.fromEntries(both) }
    } else if (word === 'additionalProperties' && typeof before === 'boolean' && typeof value === 'boolean')
      merged[word] = before && value
    else if (before !== value && JSON.stringify(before) !== JSON.stringify(value))
      throw refused(`allOf says two things of ${word}`)
  }
  return merged
}

function typesOf(schema: Schema): string[] {
  const { type } = schema
  if (Array.isArray(type)) return [...new Set(type.map(String))]
  if (type !== undefined) return [String(type)]
  const has = (...words: string[]) => words.some(word => schema[word] !== undefined)
  if (has('properties', 'required', 'additionalProperties')) return ['object']
  if (has('items', 'prefixItems', 'minItems', 'maxItems')) return ['array']
  if (has('minLength', 'maxLength', 'pattern', 'format')) return ['string']
  if (has('minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf')) return ['number']
  return []
}

function letterCount(schema: unknown): number {
  try {
    return JSON.stringify(schema)?.length ?? 0
  } catch {
    // It contains itself.
    return Number.POSITIVE_INFINITY
  }
}

/** The next whole number above (1) or below (-1). */
function nextWhole(value: number, sign: 1 | -1): number {
  return sign === 1 ? Math.floor(value) + 1 : Math.ceil(value) - 1
}

function refused(why: string): AppError {
  return new AppError('input-invalid', { field: `schema (${why})` })
}

/** Each of them is small enough; they are not. */
function tooMany(): AppError {
  return new AppError('input-invalid', { field: 'schema (all tools together are too large)' })
}
