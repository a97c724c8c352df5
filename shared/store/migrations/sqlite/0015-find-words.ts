/** On Postgres, a function of the search; there is none here. */
export const findWords = ''
