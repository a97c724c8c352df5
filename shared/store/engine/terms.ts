/** The term as it stands in the index of words. Quotes would end the string of a query, so they never enter. */
export function indexedTerm(library: number, term: string): string {
  return `${library}~${term.replaceAll(/["'\s]/g, '_')}`
}
