/** What a parser learned from the segments stored so far, in its own words, for the one that reads on. Local, never synced. */
export const parserState = `
alter table document add column parser_state text;
`
