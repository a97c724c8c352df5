/** On Postgres, where words stand; FTS5 keeps its own apart. */
export const narrowWords = ''
