/**
 * Vectors beside the words. Each embedding model has an index of its own, whose vectors lie in a virtual table
 * `vector_<number>` that is made when the index is: its dimensions are the model's (see `vectors.ts`). All of it is local,
 * never synced, and can be made anew from the chunks.
 */
export const vectors = `
-- \`active\` is searched, \`building\` will take its place, \`dropping\` is on its way out.
create table vector_index (
  number integer primary key autoincrement,
  fingerprint text not null,
  name text not null,
  dimensions integer not null,
  state text not null check (state in ('active', 'building', 'dropping')),
  created_at integer not null
) strict;
create unique index vector_index_by_state on vector_index (state) where state <> 'dropping';

-- How far a document has come in an index: its first chunks, so many of them. No new try before \`rest_until\`.
create table document_vectors (
  document_id text not null references document (id) on delete cascade,
  index_number integer not null references vector_index (number) on delete cascade,
  chunks integer not null,
  complete integer not null,
  rest_until integer not null,
  primary key (document_id, index_number)
) strict, without rowid;
create index document_vectors_by_index on document_vectors (index_number);

-- Chunks that were removed where vectors cannot be reached (no build of the extension): taken out where they can.
create table vector_orphan (chunk_id integer primary key) strict;
`
