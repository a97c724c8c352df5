/**
 * Words by their own index, always. Of a table of some thousand chunks the planner would rather go through the primary key and
 * compare the words of each row with each word asked for, since it takes them for short; they stand out of line and are unpacked
 * for each comparison, which takes 100 times as long (450 ms for a question of five words over 1,500 chunks).
 * Only a bitmap can use an inverted index, so what remains without plain index scans is that.
 */
export const wordsByIndex = `
alter function find_words(text[], text[], text[], bigint, bigint, bigint) set enable_indexscan = off;
`
