/**
 * An index of vectors that nobody uses, but may again: in the state `dropping` with the time from which on nobody did. A
 * state of its own would need the table to be made anew, whose removal would take the rows that refer to it along.
 */
export const retiredVectors = `
alter table vector_index add column retired_at integer;
`
