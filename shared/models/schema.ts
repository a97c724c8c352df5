import { AppError } from '../errors.ts'

/** As it came: a stranger's. */
export type Schema = Readonly<Record<string, unknown>>

export function isObject(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** What `$ref` points to, within one schema: other documents are not fetched. Throws `input-invalid`. */
export function createPointers(root: unknown): { target(pointer: string): unknown } {
  /** A long one that many point with is followed once. */
  const followed = new Map<string, unknown>()
  return {
    target(pointer) {
      if (pointer === '#') return root
      if (followed.has(pointer)) return followed.get(pointer)
      if (!pointer.startsWith('#/')) throw unknown()
      let found = root
      for (const part of pointer.slice(2).split('/')) {
        const name = decoded(part).replaceAll('~1', '/').replaceAll('~0', '~')
        if (typeof found !== 'object' || found === null || !Object.hasOwn(found, name)) throw unknown()
        found = (found as Record<string, unknown>)[name]
      }
      followed.set(pointer, found)
      return found
    },
  }
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    throw unknown()
  }
}

function unknown(): AppError {
  return new AppError('input-invalid', { field: 'schema ($ref leads nowhere)' })
}
