/** Where the passages stand that were shown above an answer: the texts stay in their documents, and go with them. */
export const passages = `
alter table message add column passages text;
`
