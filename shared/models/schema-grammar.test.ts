import { getLlama, type Llama, LlamaGrammar } from 'node-llama-cpp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fitsSchema } from './schema-check.ts'
import { createGrammar } from './schema-grammar.ts'

let llama: Llama
beforeAll(async () => {
  llama = await getLlama({ gpu: false, build: 'never', skipDownload: true, progressLogs: false })
})
afterAll(() => llama.dispose())

function grammarOf(schema: unknown): { takes(text: string): boolean; loosened: string[] } {
  const grammar = createGrammar()
  const root = grammar.add(schema)
  const compiled = new LlamaGrammar(llama, { grammar: grammar.text(root) })
  // Not of its types, but of its own tests.
  const tested = compiled as unknown as { _testText(text: string): boolean }
  return { takes: text => tested._testText(text), loosened: [...grammar.loosened] }
}

/** As models are taught to write JSON: a blank behind each comma and colon. */
function written(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(written).join(', ')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const entries = Object.entries(value).map(([name, one]) => `${JSON.stringify(name)}: ${written(one)}`)
  return `{${entries.join(', ')}}`
}

const person = {
  type: 'object',
  properties: {
    name: { type: 'string', minLength: 1, maxLength: 5 },
    age: { type: 'integer', minimum: 0, maximum: 130 },
    tags: { type: 'array', items: { enum: ['a', 'b"c', 3, null] }, maxItems: 2 },
  },
  required: ['age'],
}
const tree = {
  $ref: '#/$defs/node',
  $defs: {
    node: {
      type: 'object',
      properties: { value: { type: 'number' }, next: { anyOf: [{ $ref: '#/$defs/node' }, { type: 'null' }] } },
      required: ['value', 'next'],
    },
  },
}

test.each<[string, object, unknown[], unknown[]]>([
  [
    'objects',
    person,
    [{ name: 'Ada', age: 36, tags: ['a', 'b"c'] }, { age: 0 }, { age: 130, tags: [] }, { name: '日本語🎈é', age: 7 }],
    [{ name: 'Ada' }, { age: 131 }, { age: -1 }, { name: '', age: 1 }, { name: 'Adalbert', age: 1 }, { age: 1.5 }, []],
  ],
  [
    'what contains itself',
    tree,
    [
      { value: 1, next: { value: -2.5e3, next: null } },
      { value: 0, next: null },
    ],
    [{ value: 1 }, { value: 1, next: {} }],
  ],
  [
    'what all parts say',
    {
      allOf: [
        { type: 'object', properties: { a: { type: 'integer' } }, required: ['a'] },
        { properties: { b: { const: true } }, required: ['b'] },
      ],
    },
    [{ a: 1, b: true }],
    [{ a: 1 }, { a: 1, b: false }],
  ],
  [
    'alternatives with something in common',
    {
      type: 'object',
      properties: { kind: { type: 'string' } },
      required: ['kind'],
      anyOf: [{ properties: { x: { type: 'integer' } }, required: ['x'] }, { properties: { y: { type: 'null' } } }],
    },
    [{ kind: 'k', x: 1 }, { kind: 'k', y: null }, { kind: 'k' }],
    [{ x: 1 }, { kind: 'k', x: null }],
  ],
  [
    'tuples',
    { type: 'array', prefixItems: [{ type: 'string' }, { type: 'boolean' }], items: false },
    [['a', true]],
    [
      ['a', 1],
      ['a', true, 1],
    ],
  ],
  [
    'times',
    { type: 'string', format: 'date-time' },
    ['2024-02-28T23:59:59Z', '1999-12-01T00:00:00+02:00'],
    ['2024-13-01T00:00:00Z', 'now'],
  ],
  ['maps', { type: 'object', additionalProperties: { type: 'integer' } }, [{}, { a: 1, 'b c': 2 }], [{ a: 'x' }, 3]],
  ['several types', { type: ['string', 'null'] }, ['x', null], [1, {}]],
  ['anything', {}, [{ a: [1, { b: null }] }, 'x', -1.5, true, []], []],
])('%s', (_, schema, fitting, others) => {
  const { takes, loosened } = grammarOf(schema)
  expect(loosened).toEqual([])
  for (const value of fitting)
    expect([value, takes(written(value)), fitsSchema(value, schema)]).toEqual([value, true, true])
  // Others that a schema would allow are not written either: names it does not speak of, times of day that are none.
  for (const value of others) expect([value, takes(written(value))]).toEqual([value, false])
})

test('integers are held to their bounds, digit by digit', () => {
  const bounds = [
    [0, 9],
    [1, 50],
    [7, 1234],
    [-30, 20],
    [-999, -100],
    [100, 100],
    [99, 101],
  ]
  for (const [minimum, maximum] of bounds) {
    const { takes } = grammarOf({ type: 'integer', minimum, maximum })
    const candidates = Array.from({ length: 2600 }, (_, at) => at - 1200)
    expect(candidates.filter(one => takes(String(one)))).toEqual(
      candidates.filter(one => one >= minimum && one <= maximum),
    )
  }
  const { takes } = grammarOf({ type: 'integer', exclusiveMinimum: 3 })
  expect([3, 4, 99_999].map(one => takes(String(one)))).toEqual([false, true, true])
})

test('what no grammar says is told', () => {
  const schema = { type: 'object', properties: { a: { type: 'string', pattern: '^x+$' } }, minProperties: 1 }
  expect(grammarOf(schema).loosened.sort()).toEqual(['minProperties', 'pattern'])
  expect([fitsSchema({ a: 'xx' }, schema), fitsSchema({ a: 'y' }, schema), fitsSchema({}, schema)]).toEqual([
    true,
    false,
    false,
  ])
})

describe('a schema of a stranger', () => {
  const refused = (schema: unknown) => {
    const began = process.cpuUsage()
    expect(() => grammarOf(schema)).toThrow(expect.objectContaining({ code: 'input-invalid' }))
    expect(process.cpuUsage(began).user / 1000).toBeLessThan(2_000)
  }
  /** Each level in two ways that differ: as many readings as 2 to the power of the levels. */
  const doubling = (levels: number, last: object) => ({
    $ref: '#/$defs/l0',
    $defs: Object.fromEntries(
      Array.from({ length: levels }, (_, at) => {
        const items = at + 1 === levels ? last : { $ref: `#/$defs/l${at + 1}` }
        return [
          `l${at}`,
          {
            anyOf: [
              { type: 'array', items },
              { type: 'array', items, minItems: 1 },
            ],
          },
        ]
      }),
    ),
  })
  const itself: Record<string, unknown> = { type: 'array' }
  itself.items = itself

  test.each<[string, unknown]>([
    ['that leads to itself', { $ref: '#' }],
    ['that leads to itself by alternatives', { anyOf: [{ $ref: '#' }, { type: 'null' }] }],
    ['that leads to itself by all parts', { allOf: [{ $ref: '#' }, { $ref: '#' }] }],
    ['that leads nowhere', { $ref: '#/$defs/x' }],
    ['that lies elsewhere', { $ref: 'http://127.0.0.1/schema.json' }],
    ['that is an object of the program that contains itself', itself],
    ['with a thousand levels', Array.from({ length: 1000 }).reduce<object>(items => ({ type: 'array', items }), {})],
    ['with too many values', { enum: Array.from({ length: 100_000 }, (_, at) => at) }],
    ['with too many alternatives', { anyOf: Array.from({ length: 5_000 }, () => ({ type: 'string' })) }],
    [
      'with too many names',
      { type: 'object', properties: Object.fromEntries(Array.from({ length: 9_000 }, (_, at) => [`p${at}`, {}])) },
    ],
    ['of 2 to the power of 30 readings', doubling(30, { type: 'null' })],
    ['of as many as it is deep', doubling(3, { $ref: '#/$defs/l0' })],
    [
      'that contains itself in two ways',
      { type: 'array', items: { anyOf: [{ $ref: '#' }, { type: 'array', items: { $ref: '#' } }] } },
    ],
    ['that contradicts itself', { allOf: [{ type: 'string' }, { type: 'null' }] }],
    ['that is none', 'schema'],
    ['nothing fits', { enum: [] }],
    ['nothing fits by its bounds', { type: 'integer', minimum: 3, maximum: 2 }],
  ])('%s is refused', (_, schema) => refused(schema))

  const refs = (count: number, to: string) => Array.from({ length: count }, () => ({ $ref: `#/$defs/${to}` }))
  /** Of few letters, and with as many ends as branches to the power of the levels. */
  const fanned = (levels: number, branches: number) => ({
    $ref: '#/$defs/l0',
    $defs: {
      ...Object.fromEntries(
        Array.from({ length: levels }, (_, at) => [`l${at}`, { anyOf: refs(branches, `l${at + 1}`) }]),
      ),
      [`l${levels}`]: { type: 'string' },
    },
  })
  const names = (count: number, value: unknown) =>
    Object.fromEntries(Array.from({ length: count }, (_, at) => [`p${at}`, value]))
  /** The host's only thread reads it. */
  test.each<[string, unknown, boolean]>([
    ['8 levels of 8', fanned(8, 8), false],
    ['12 levels of 3', fanned(12, 3), false],
    ['2 levels of 100', fanned(2, 100), false],
    [
      'a long value that is pointed to by many',
      { ...fanned(2, 100), $defs: { ...fanned(2, 100).$defs, l2: { const: 'a'.repeat(90_000) } } },
      false,
    ],
    [
      '100 lists of 100 values',
      {
        anyOf: Array.from({ length: 100 }, (_, list) => ({
          enum: Array.from({ length: 100 }, (_, at) => `x${list * 100 + at}`),
        })),
      },
      true,
    ],
    [
      'many names, put together again and again',
      {
        $defs: { a: { type: 'object', properties: names(6_000, false) } },
        properties: { x: true },
        anyOf: refs(90, 'a'),
      },
      false,
    ],
    [
      'many needed names, put together again and again',
      { $defs: { a: { required: Object.keys(names(9_000, 0)) } }, allOf: refs(490, 'a') },
      false,
    ],
    [
      'parts that all point to all of the next level',
      {
        $defs: {
          ...Object.fromEntries(
            Array.from({ length: 12 }, (_, at) => [
              `l${at}`,
              { type: 'array', prefixItems: refs(40, `l${at + 1}`), items: false },
            ]),
          ),
          l12: { type: 'string' },
          two: { anyOf: refs(2, 'l0') },
          ...names(300, { anyOf: refs(2, 'l0') }),
        },
        type: 'array',
        prefixItems: Array.from({ length: 300 }, (_, at) => ({ $ref: `#/$defs/p${at}` })),
      },
      true,
    ],
  ])('of %s takes no time', (_, schema, allowed) => {
    const began = process.cpuUsage()
    const add = () => createGrammar().add(schema)
    if (allowed) expect(add()).toBeTypeOf('string')
    else expect(add).toThrow(expect.objectContaining({ code: 'input-invalid' }))
    // At most 0.1 s measured.
    expect(process.cpuUsage(began).user / 1000).toBeLessThan(700)
  })

  test('is read in as many ways as begin alike', () => {
    const nested = (levels: number, branches: readonly object[]): object =>
      levels === 0
        ? { type: 'null' }
        : {
            anyOf: branches.map(branch => ({
              ...branch,
              properties: { ...(branch as { properties?: object }).properties, next: nested(levels - 1, branches) },
            })),
          }
    const tagged = (tag: object) => ({ type: 'object', properties: { tag }, required: ['tag'] })
    const add = (branches: readonly object[]) => () => createGrammar().add(nested(7, branches))
    expect(add([tagged({ const: 'a' }), tagged({ const: 'b' })])).not.toThrow()
    expect(add([tagged({ const: 'a' }), tagged({ const: 'a' })])).toThrow('too many ways')
    expect(add([tagged({ const: 'a' }), tagged({ type: 'string' })])).toThrow('too many ways')
    expect(add([tagged({ const: 'a' }), { type: 'object' }])).toThrow('too many ways')
    const long = 'a'.repeat(300)
    expect(add([tagged({ const: `${long}b` }), tagged({ const: `${long}c` })])).toThrow('too many ways')
  })

  test('that says a type twice is read once', () => {
    const twice = Array.from({ length: 30 }).reduce<object>(
      items => ({ type: ['array', 'array'], items, maxItems: 2 }),
      { type: 'null' },
    )
    expect(grammarOf(twice).takes(`${'['.repeat(30)}null${']'.repeat(30)}`)).toBe(true)
  })

  test('has its lengths loosened where llama.cpp would write them all out', () => {
    const lengths = (count: number) => ({
      type: 'object',
      properties: names(count, { type: 'string', maxLength: 200 }),
    })
    expect(grammarOf(lengths(1_000)).loosened).toEqual([])
    expect(grammarOf(lengths(1_001)).loosened).toEqual(['maxLength'])
  })

  test('that is large, and allowed, is read at once', () => {
    const wide = {
      type: 'object',
      properties: Object.fromEntries(
        Array.from({ length: 300 }, (_, at) => [`p${at}`, { type: 'string', maxLength: 200 }]),
      ),
    }
    const began = process.cpuUsage()
    const { takes } = grammarOf(wide)
    expect(takes('{"p7": "x", "p299": "y"}')).toBe(true)
    expect(grammarOf(doubling(5, { type: 'null' })).takes('[[[[[null]]]]]')).toBe(true)
    expect(process.cpuUsage(began).user / 1000).toBeLessThan(2_000)
  })
})
