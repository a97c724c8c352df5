/** Counts the changes of a project's words and vectors, so that what was found before one is not taken for what is found after it. */
export const revisions = `
alter table library add column revision bigint not null default 0;
`
