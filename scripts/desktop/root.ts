import path from 'node:path'

/** Of the repository. */
export const root = path.join(import.meta.dirname, '../..')

/** The application as it is packed, or started in a checkout. */
export const staged = path.join(root, 'dist/app')
