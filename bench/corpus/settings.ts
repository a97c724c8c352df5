/** What the parts of the bench are told. */
export interface CorpusOptions {
  note: (line: string) => void
  /** Only every n-th file or mutation: for the suite. */
  every?: number
  /** Where what witnesses made is kept between runs; without it, it is made again each time. */
  cache?: string
}
