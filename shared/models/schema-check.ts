/** Whether a value fits a JSON schema: for what a grammar cannot say. Patterns are strangers' programs: call it with a time limit. */
import { createPointers, isObject, type Schema } from './schema.ts'

/** A schema may point to itself without end. */
const deepest = 200

export function fitsSchema(value: unknown, root: unknown): boolean {
  const { target } = createPointers(root)

  function fits(value: unknown, schema: unknown, depth: number): boolean {
    if (typeof schema === 'boolean') return schema
    if (!isObject(schema) || depth > deepest) return false
    const all = (schemas: unknown, test: (fitting: number, of: number) => boolean) =>
      !Array.isArray(schemas) || test(schemas.filter(one => fits(value, one, depth + 1)).length, schemas.length)
    return (
      (typeof schema.$ref !== 'string' || fits(value, target(schema.$ref), depth + 1)) &&
      isOfType(value, schema.type) &&
      (schema.const === undefined || equal(value, schema.const)) &&
      (!Array.isArray(schema.enum) || schema.enum.some(one => equal(value, one))) &&
      all(schema.allOf, (fitting, of) => fitting === of) &&
      all(schema.anyOf, fitting => fitting > 0) &&
      all(schema.oneOf, fitting => fitting === 1) &&
      (schema.not === undefined || !fits(value, schema.not, depth + 1)) &&
      (schema.if === undefined ||
        fits(value, (fits(value, schema.if, depth + 1) ? schema.then : schema.else) ?? true, depth + 1)) &&
      (typeof value !== 'string' || fitsText(value, schema)) &&
      (typeof value !== 'number' || fitsNumber(value, schema)) &&
      (!Array.isArray(value) || fitsList(value, schema, depth)) &&
      (!isObject(value) || fitsObject(value, schema, depth))
    )
  }

  function fitsList(list: readonly unknown[], schema: Schema, depth: number): boolean {
    const tuple: unknown[] = [schema.prefixItems, schema.items].find(Array.isArray) ?? []
    const others = (Array.isArray(schema.items) ? schema.additionalItems : schema.items) ?? true
    return (
      within(list.length, schema.minItems, schema.maxItems) &&
      list.every((item, at) => fits(item, at < tuple.length ? tuple[at] : others, depth + 1)) &&
      (schema.uniqueItems !== true || list.every((item, at) => list.findIndex(other => equal(item, other)) === at)) &&
      (schema.contains === undefined || list.some(item => fits(item, schema.contains, depth + 1)))
    )
  }

  function fitsObject(object: Schema, schema: Schema, depth: number): boolean {
    const properties = isObject(schema.properties) ? schema.properties : {}
    const patterns = Object.entries(isObject(schema.patternProperties) ? schema.patternProperties : {}).map(
      ([pattern, one]) => [new RegExp(pattern, 'u'), one] as const,
    )
    const names = Object.keys(object)
    const required = Array.isArray(schema.required) ? schema.required : []
    return (
      within(names.length, schema.minProperties, schema.maxProperties) &&
      required.every(name => Object.hasOwn(object, String(name))) &&
      names.every(name => {
        if (schema.propertyNames !== undefined && !fits(name, schema.propertyNames, depth + 1)) return false
        const said = [
          ...(Object.hasOwn(properties, name) ? [properties[name]] : []),
          ...patterns.filter(([pattern]) => pattern.test(name)).map(([, one]) => one),
        ]
        if (said.length === 0) said.push(schema.additionalProperties ?? true)
        return said.every(one => fits(object[name], one, depth + 1))
      })
    )
  }

  return fits(value, root, 0)
}

function isOfType(value: unknown, type: unknown): boolean {
  if (type === undefined) return true
  const is = (one: unknown): boolean => {
    if (one === 'null') return value === null
    if (one === 'array') return Array.isArray(value)
    if (one === 'object') return isObject(value)
    return one === 'integer' ? Number.isInteger(value) : typeof value === one
  }
  return Array.isArray(type) ? type.some(is) : is(type)
}

function fitsText(text: string, { minLength, maxLength, pattern }: Schema): boolean {
  return (
    within([...text].length, minLength, maxLength) &&
    (typeof pattern !== 'string' || new RegExp(pattern, 'u').test(text))
  )
}

function fitsNumber(value: number, schema: Schema): boolean {
  const { minimum, maximum, exclusiveMinimum: above, exclusiveMaximum: below, multipleOf } = schema
  return (
    within(value, minimum, maximum) &&
    (typeof above !== 'number' || value > above) &&
    (typeof below !== 'number' || value < below) &&
    (above !== true || value !== minimum) &&
    (below !== true || value !== maximum) &&
    // Decimals divide with an error of their last digit.
    (typeof multipleOf !== 'number' || Math.abs(value / multipleOf - Math.round(value / multipleOf)) < 1e-9)
  )
}

function within(value: number, least: unknown, most: unknown): boolean {
  return (typeof least !== 'number' || value >= least) && (typeof most !== 'number' || value <= most)
}

function equal(one: unknown, other: unknown): boolean {
  if (Array.isArray(one) && Array.isArray(other))
    return one.length === other.length && one.every((item, at) => equal(item, other[at]))
  if (isObject(one) && isObject(other)) {
    const names = Object.keys(one)
    return (
      names.length === Object.keys(other).length &&
      names.every(name => Object.hasOwn(other, name) && equal(one[name], other[name]))
    )
  }
  return one === other
}
