import path from 'node:path'

/** Of the repository. */
export const root = path.join(import.meta.dirname, '../..')
