/**
 * The first schema. Times are milliseconds since 1970, ids UUIDv7, `json` columns hold JSON text.
 * Synced rows (project, document, chat, message) are written together with `changes`, see `change-log.ts`.
 */
export const first = `
create table user (
  id text primary key,
  created_at integer not null
) strict;

-- This installation's place in the change log: one row.
create table replica (
  id text primary key,
  n integer not null,
  hlc_physical integer not null,
  hlc_logical integer not null
) strict;

create table changes (
  scope text not null,
  replica text not null,
  n integer not null,
  hlc_physical integer not null,
  hlc_logical integer not null,
  entity text not null,
  id text not null,
  field text not null,
  value text,
  hash text not null,
  seq integer,
  primary key (replica, n)
) strict, without rowid;
create index changes_by_entity on changes (entity, id, field);

create table project (
  id text primary key,
  user_id text not null references user (id),
  name text not null,
  type text not null,
  created_at integer not null,
  deleted_at integer
) strict;
create unique index project_by_name on project (user_id, name) where deleted_at is null;

create table document (
  id text primary key,
  project_id text not null references project (id),
  name text not null,
  path text not null,
  media_type text not null,
  size integer not null,
  blob text not null,
  state text not null,
  segments integer,
  paged integer not null,
  parsed integer not null,
  indexed integer not null,
  chunks integer not null,
  language text,
  reason text,
  receipt text,
  parse_time integer not null,
  index_time integer not null,
  created_at integer not null,
  deleted_at integer
) strict;
-- Same bytes = one document per project. Those in the trash do not stand in the way of a new upload.
create unique index document_by_blob on document (project_id, blob) where deleted_at is null;
create index document_by_project on document (project_id, created_at);
create index document_by_hash on document (blob);

create table segment (
  document_id text not null references document (id) on delete cascade,
  number integer not null,
  width real,
  height real,
  problem text,
  blocks text not null,
  margins text not null
) strict;
create unique index segment_by_number on segment (document_id, number);

create table chunk (
  id integer primary key autoincrement,
  project_id text not null references project (id),
  document_id text not null references document (id) on delete cascade,
  position integer not null,
  text text not null,
  headings text not null,
  pieces text not null,
  language text not null,
  terms text not null,
  context_terms text not null
) strict;
create unique index chunk_by_position on chunk (document_id, position);

-- The words of a project: its number in the index, and what BM25 needs to know of the whole.
create table library (
  number integer primary key autoincrement,
  project_id text not null unique references project (id) on delete cascade,
  chunks integer not null,
  terms integer not null
) strict;

-- A project's vocabulary: in how many chunks a term stands. Read forwards for the beginning of a compound, backwards for its end.
create table term (
  library integer not null references library (number) on delete cascade,
  term text not null,
  reversed text not null,
  chunks integer not null,
  primary key (library, term)
) strict, without rowid;
create index term_by_end on term (library, reversed, chunks);

-- Terms come analysed; the tokenizer only splits at spaces. Each carries its library's number, so a search never
-- walks through another project's rows.
create virtual table chunk_words using fts5 (
  terms, context,
  content = '', contentless_delete = 1,
  tokenize = "ascii tokenchars '!#$%&()*+,-./:;<=>?@[\\]^_{|}~'"
);

create table chat (
  id text primary key,
  project_id text not null references project (id),
  title text not null,
  created_at integer not null,
  deleted_at integer
) strict;
create index chat_by_project on chat (project_id, created_at);

create table message (
  id text primary key,
  chat_id text not null references chat (id),
  role text not null,
  text text not null,
  answer text,
  completed text,
  created_at integer not null
) strict;
create index message_by_chat on message (chat_id, created_at, id);
`
