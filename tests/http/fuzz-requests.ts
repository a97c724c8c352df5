/** Requests made of the description of the API: such as it wants, such as it nearly wants, and such as nobody could want. */

interface Schema {
  type?: string | string[]
  format?: string
  enum?: unknown[]
  const?: unknown
  anyOf?: Schema[]
  oneOf?: Schema[]
  allOf?: Schema[]
  properties?: Record<string, Schema>
  required?: string[]
  items?: Schema
  minItems?: number
  maxItems?: number
  minLength?: number
  maxLength?: number
  minimum?: number
  maximum?: number
  pattern?: string
  $ref?: string
  contentMediaType?: string
}

interface Operation {
  parameters?: { name: string; in: string; required?: boolean; schema?: Schema }[]
  requestBody?: { content: Record<string, { schema: Schema }> }
}

export interface Description {
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, Schema> }
}

export interface FuzzedRequest {
  method: string
  path: string
  headers: Record<string, string>
  body?: string | Buffer
}

/** mulberry32: the same numbers for the same seed. */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const nothing = '019a0000-0000-7000-8000-000000000000'
const strings = [
  '',
  ' ',
  '\0',
  '\u0000x',
  '\ud800',
  '\ud83d',
  '\u202e\u2066x',
  'x'.repeat(5000),
  '💥'.repeat(300),
  'é\u0301\u0301',
  "' or 1=1 --",
  '"; drop table document; --',
  '%',
  '_',
  '\\',
  '%00',
  '../../../../etc/passwd',
  'C:\\x\\y',
  '<script>alert(1)</script>',
  '{{7*7}}',
  '\r\nSet-Cookie: a=b',
  'null',
  'NaN',
  '-1',
  '1e309',
  '0x10',
  '__proto__',
  'constructor',
  '2026-13-45T99:99:99Z',
  'http://127.0.0.1:1/',
  'file:///etc/passwd',
  nothing,
  '00000000-0000-0000-0000-000000000000',
  nothing.toUpperCase(),
]
const numbers = [0, -0, -1, 1, 1.5, 2 ** 31, -(2 ** 31), 2 ** 53, 2 ** 63, 1e21, 1e308, -1e308, 5e-324]
const others: unknown[] = [null, true, false, [], {}, [[]], [null], { a: { b: {} } }, ...numbers, ...strings]
/** What no JSON is, or more of it than anybody needs. */
const bodies = [
  '',
  '{',
  '[',
  'null',
  '0',
  '"x"',
  '{"a":1,}',
  '{"__proto__":{"role":"owner"}}',
  '{"constructor":{"prototype":{"x":1}}}',
  '['.repeat(20_000),
  `${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`,
  '{"name":"\\ud800"}',
  '{"name":"\\u0000"}',
  `{"name":${'9'.repeat(400)}}`,
  '\ufeff{}',
  Buffer.from([0xff, 0xfe, 0x00, 0x01]),
  Buffer.from([0x1f, 0x8b, 0x08, 0x00]),
]
const header: Record<string, string>[] = [
  { accept: 'application/xml' },
  { 'accept-language': `${'de,'.repeat(400)}en;q=${'9'.repeat(50)}` },
  { 'last-event-id': '999999999999999999999' },
  { 'last-event-id': '-1' },
  { range: 'bytes=5-1' },
  { range: `bytes=0-0,${'1-2,'.repeat(200)}3-4` },
  { range: 'bytes=99999999999999999999-' },
  { 'content-type': 'application/json; charset=utf-16' },
  { 'content-type': 'text/plain' },
  { 'content-type': 'multipart/form-data' },
  { 'content-type': 'multipart/form-data; boundary=' },
  { 'content-encoding': 'gzip' },
  { 'content-encoding': 'br' },
  { 'if-none-match': '*' },
  { 'x-request-id': '<>' },
  { 'x-forwarded-for': 'not an address, 1.2.3.4.5' },
  { 'x-forwarded-host': 'evil.example' },
  { cookie: 'a=%ff; =; ;;;' },
  { expect: '100-continue' },
]
const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'PROPFIND']

/** Ids that the server has said, by what they are of, so that requests get further than to `not found`. */
export interface Known {
  hear(body: unknown): void
  of(name: string): readonly string[]
}

export function createKnown(): Known {
  const ids = new Map<string, string[]>()
  const add = (name: string, id: string) => {
    const list = ids.get(name) ?? []
    if (!list.includes(id)) list.push(id)
    ids.set(name, list.slice(-20))
  }
  function hear(value: unknown, within: string): void {
    if (Array.isArray(value)) for (const one of value) hear(one, within)
    else if (typeof value === 'object' && value !== null)
      for (const [name, inner] of Object.entries(value)) {
        if (typeof inner === 'string' && inner !== '') {
          if (name === 'id') add(`${within.replace(/s$/, '')}Id`, inner)
          else if (/Id$/.test(name)) add(name, inner)
          else if (name === 'name' || name === 'slug') add(`${within.replace(/s$/, '')}.${name}`, inner)
        }
        hear(inner, name)
      }
  }
  return { hear: body => hear(body, ''), of: name => ids.get(name) ?? [] }
}

export function createFuzz(api: Description, known: Known, seed: number): () => FuzzedRequest {
  const random = createRandom(seed)
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!
  const chance = (share: number) => random() < share
  const whole = (least: number, most: number) => least + Math.floor(random() * (most - least + 1))
  const operations = Object.entries(api.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  )

  function resolve(schema: Schema): Schema {
    const name = schema.$ref?.split('/').at(-1)
    return name === undefined ? schema : (api.components.schemas[name] ?? {})
  }

  function valueFor(given: Schema, name: string, depth = 0): unknown {
    const schema = resolve(given)
    if (schema.const !== undefined) return schema.const
    if (schema.enum) return pick(schema.enum)
    const choices = schema.anyOf ?? schema.oneOf
    if (choices) return valueFor(pick(choices), name, depth)
    const type = Array.isArray(schema.type) ? pick(schema.type) : schema.type
    if (type === 'object' || schema.properties) {
      const value: Record<string, unknown> = {}
      for (const [key, inner] of Object.entries(schema.properties ?? {}))
        if (schema.required?.includes(key) || chance(0.5)) value[key] = valueFor(inner, key, depth + 1)
      return value
    }
    if (type === 'array') {
      const count = whole(schema.minItems ?? 0, Math.min(schema.maxItems ?? 3, 3))
      return Array.from({ length: count }, () => valueFor(schema.items ?? {}, name.replace(/s$/, 'Id'), depth + 1))
    }
    if (type === 'integer' || type === 'number') {
      const [least, most] = [schema.minimum ?? 0, Math.min(schema.maximum ?? 1000, 1e6)]
      const value = least + random() * (most - least)
      return type === 'integer' ? Math.round(value) : value
    }
    if (type === 'boolean') return chance(0.5)
    if (type === 'null') return null
    if (schema.format === 'uuid') return pick(known.of(name)) ?? nothing
    return textOf(schema, name)
  }

  function textOf({ minLength = 0, maxLength = 60 }: Schema, name: string): string {
    const said = known.of(name)
    if (said.length > 0 && chance(0.5)) return pick(said)
    if (/email/i.test(name)) return `fuzz${whole(1, 30)}@cloister.test`
    const text = pick(['Wie hoch ist die Miete?', 'Vertrag', 'notes', 'Überschrift', 'a b c', '850 Euro'])
    return text.padEnd(minLength, 'x').slice(0, Math.max(minLength, maxLength))
  }

  /** One thing in it is something else, is missing, or is there too. */
  function spoil(value: unknown): unknown {
    if (typeof value !== 'object' || value === null || chance(0.15)) return pick(others)
    if (Array.isArray(value)) {
      if (value.length === 0 || chance(0.3))
        return [...value, ...Array.from({ length: whole(1, 300) }, () => pick(others))]
      const at = whole(0, value.length - 1)
      return value.with(at, spoil(value[at]))
    }
    const entries = Object.entries(value)
    if (entries.length === 0 || chance(0.15)) return { ...value, [pick(strings) || 'extra']: pick(others) }
    const [key, inner] = pick(entries)
    if (chance(0.15)) return Object.fromEntries(entries.filter(([name]) => name !== key))
    return { ...value, [key]: spoil(inner) }
  }

  const asText = (value: unknown) =>
    typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value)
  const encoded = (text: string) => {
    if (chance(0.05)) return pick(['%', '%zz', '%00', '%ff', '..', '.', '%2e%2e%2f', '%2F', ';a=b', '//', ' '])
    return encodeURIComponent(text.toWellFormed().slice(0, 3000))
  }

  function form(hostile: boolean): { type: string; body: Buffer } {
    const name = hostile ? pick(strings).replace(/["\r\n]/g, '') : pick(['a.txt', 'b.md', 'c.csv', 'd.pdf', 'e.docx'])
    const content = pick([
      'Die Miete beträgt 850 Euro.',
      '',
      '%PDF-1.7\n',
      'PK\u0003\u0004',
      '\0\0\0',
      'x'.repeat(20_000),
    ])
    const head = `--f\r\nContent-Disposition: form-data; name="files"; filename="${name}"\r\n\r\n`
    const end = hostile && chance(0.4) ? '' : '\r\n--f--\r\n'
    return { type: 'multipart/form-data; boundary=f', body: Buffer.from(`${head}${content}${end}`, 'utf8') }
  }

  return function next(): FuzzedRequest {
    const { path, method, operation } = pick(operations)
    const kind = pick(['valid', 'valid', 'near', 'near', 'hostile'] as const)
    const hostile = kind === 'hostile'
    const spoiled = (value: unknown) => (kind === 'valid' ? value : chance(hostile ? 0.7 : 0.25) ? spoil(value) : value)
    const headers: Record<string, string> = {}
    let target = path
    const query: string[] = []
    for (const { name, in: where, schema = {}, required } of operation.parameters ?? []) {
      if (where === 'path') {
        const ids = known.of(name)
        const value = ids.length > 0 && !chance(0.1) ? pick(ids) : valueFor(schema, name)
        target = target.replace(`{${name}}`, encoded(asText(hostile && chance(0.3) ? spoiled(value) : value)))
      } else if (where === 'query' && (required || chance(0.4))) {
        const value = spoiled(valueFor(schema, name))
        for (const one of Array.isArray(value) ? value.slice(0, 20) : [value])
          query.push(`${encoded(name)}=${encoded(asText(one))}`)
      }
    }
    if (hostile && chance(0.2))
      query.push(pick(['a[b][c]=1', 'limit[]=1&limit[]=2', '__proto__[x]=1', '=&=&&&', 'x'.repeat(8000)]))
    let body: string | Buffer | undefined
    const content = operation.requestBody?.content
    const schema = content?.['application/json']?.schema
    if (content?.['multipart/form-data'] && !(hostile && chance(0.3))) {
      const made = form(kind !== 'valid')
      headers['content-type'] = made.type
      body = made.body
    } else if (schema) {
      headers['content-type'] = 'application/json'
      body = hostile && chance(0.4) ? pick(bodies) : JSON.stringify(spoiled(valueFor(schema, '')))
    } else if (hostile && chance(0.3)) body = pick(bodies)
    if (hostile && chance(0.4)) Object.assign(headers, pick(header))
    const asked = hostile && chance(0.1) ? pick(methods) : method
    if (asked === 'GET' || asked === 'HEAD') body = undefined
    const where = `${target}${query.length > 0 ? `?${query.join('&')}` : ''}`
    return { method: asked, path: where.replace(/[^\x21-\x7e]/g, '_'), headers, ...(body !== undefined && { body }) }
  }
}
