/**
 * The first schema on Postgres: what the first twelve migrations on SQLite came to, without the table of jobs. Numbers of
 * migrations go on from there with the same names. Text is compared by its bytes, as SQLite does. A row of an index holds
 * 2,704 bytes at most: what is in one is an id, a hash, a term (160 signs), a name of a project (100) or a key to sort by (300).
 *
 * Every table with a scope shows the role `cloister_scoped` the rows of its tenant alone, and forces that on its owner too,
 * whose policy is `internal`. The tenant is the project that the settings of the transaction name, if it is one of the user they
 * name (see `Access`); without them a comparison with null shows nothing. `vector_index`, `migration` and `replica` have no
 * scope.
 */
const named = `nullif(current_setting('cloister.project', true), '')`
const user = `nullif(current_setting('cloister.user', true), '')`
/** Looked up once for a statement, as it depends on no row. */
const project = `(select id from project where id = ${named} and user_id = ${user})`

/** Through its document, whose own policy holds inside of the look-up. */
const ofDocument = (table: string) => `exists (select from document where document.id = ${table}.document_id)`
const ownLibrary = `(select number from library where project_id = ${project})`

const policies = (table: string, own: string) => `
alter table ${table} enable row level security, force row level security;
create policy internal on ${table} to current_user using (true);
create policy own on ${table} to cloister_scoped using (${own});`

export const first = `
create table "user" (
  id text collate "C" primary key,
  created_at bigint not null
);

create table replica (
  id text collate "C" primary key,
  n bigint not null,
  hlc_physical bigint not null,
  hlc_logical bigint not null
);

create table changes (
  scope text collate "C" not null,
  replica text collate "C" not null,
  n bigint not null,
  hlc_physical bigint not null,
  hlc_logical bigint not null,
  entity text collate "C" not null,
  id text collate "C" not null,
  field text collate "C" not null,
  value text collate "C",
  hash text collate "C" not null,
  seq bigint,
  primary key (replica, n)
);
create index changes_by_entity on changes (entity, id, field);
create index changes_by_scope on changes (scope);

create table project (
  id text collate "C" primary key,
  user_id text collate "C" not null references "user" (id),
  name text collate "C" not null,
  type text collate "C" not null,
  created_at bigint not null,
  deleted_at bigint
);
create unique index project_by_name on project (user_id, name) where deleted_at is null;

create table document (
  id text collate "C" primary key,
  project_id text collate "C" not null references project (id),
  name text collate "C" not null,
  path text collate "C" not null,
  media_type text collate "C" not null,
  size bigint not null,
  blob text collate "C" not null,
  state text collate "C" not null,
  segments bigint,
  paged integer not null,
  parsed bigint not null,
  indexed bigint not null,
  chunks bigint not null,
  language text collate "C",
  reason text collate "C",
  receipt text collate "C",
  parse_time bigint not null,
  index_time bigint not null,
  created_at bigint not null,
  deleted_at bigint,
  parser_state text collate "C",
  parent_id text collate "C" references document (id) on delete set null,
  reasons text collate "C",
  inside_files bigint not null default 0,
  inside_bytes bigint not null default 0,
  sort_key text collate "C",
  to_recognize bigint not null default 0,
  recognized bigint not null default 0
);
create unique index document_by_blob on document (project_id, blob) where deleted_at is null;
create index document_by_project on document (project_id, created_at);
create index document_by_hash on document (blob);
create index document_by_parent on document (parent_id) where parent_id is not null;
create index document_unsorted on document (id) where sort_key is null;
create index document_by_sort_key on document (project_id, sort_key, id) where deleted_at is null;
create index document_by_state on document (project_id, state, created_at, id) where deleted_at is null;
create index document_trashed on document (project_id, created_at, id) where deleted_at is not null;

create table document_file (
  document_id text collate "C" not null references document (id) on delete cascade,
  number bigint not null,
  name text collate "C" not null,
  path text collate "C" not null,
  child_id text collate "C" references document (id) on delete set null,
  reason text collate "C",
  primary key (document_id, number)
);
create index document_file_by_child on document_file (child_id) where child_id is not null;

create table segment (
  document_id text collate "C" not null references document (id) on delete cascade,
  number bigint not null,
  width double precision,
  height double precision,
  problem text collate "C",
  blocks text collate "C" not null,
  margins text collate "C" not null,
  recognition text collate "C"
);
create unique index segment_by_number on segment (document_id, number);
create index segment_to_recognize on segment (document_id, number)
  where recognition is null and problem in ('without-text', 'broken-text');
create index segment_recognized on segment (document_id) where recognition is not null;

create table chunk (
  id bigint generated by default as identity primary key,
  project_id text collate "C" not null references project (id),
  document_id text collate "C" not null references document (id) on delete cascade,
  position bigint not null,
  text text collate "C" not null,
  headings text collate "C" not null,
  pieces text collate "C" not null,
  language text collate "C" not null,
  terms text collate "C" not null,
  context_terms text collate "C" not null
);
create unique index chunk_by_position on chunk (document_id, position);
create index chunk_by_project on chunk (project_id);

create table library (
  number bigint generated by default as identity primary key,
  project_id text collate "C" not null unique references project (id) on delete cascade,
  chunks bigint not null,
  terms bigint not null
);

create table term (
  library bigint not null references library (number) on delete cascade,
  term text collate "C" not null,
  reversed text collate "C" not null,
  chunks bigint not null,
  primary key (library, term)
) with (fillfactor = 80);
-- Without the count, or each change of it would be one of the index too.
create index term_by_end on term (library, reversed);

-- The index of words, see \`engine/postgres-words.ts\`. Every search would read the list of what is not in the index yet.
create table chunk_words (
  id bigint primary key references chunk (id) on delete cascade,
  library bigint not null,
  document_id text collate "C" not null,
  length bigint not null,
  words tsvector not null
);
create index chunk_words_by_word on chunk_words using gin (words) with (fastupdate = off);

-- \`active\` is searched, \`building\` will take its place, \`dropping\` is on its way out.
create table vector_index (
  number bigint generated by default as identity primary key,
  fingerprint text collate "C" not null,
  name text collate "C" not null,
  dimensions bigint not null,
  state text collate "C" not null check (state in ('active', 'building', 'dropping')),
  created_at bigint not null,
  retired_at bigint
);
create unique index vector_index_by_state on vector_index (state) where state <> 'dropping';

create table document_vectors (
  document_id text collate "C" not null references document (id) on delete cascade,
  index_number bigint not null references vector_index (number) on delete cascade,
  chunks bigint not null,
  complete integer not null,
  rest_until bigint not null,
  primary key (document_id, index_number)
);
create index document_vectors_by_index on document_vectors (index_number);

create table vector_orphan (chunk_id bigint primary key);

create table clearing (
  document_id text collate "C" primary key references document (id) on delete cascade,
  project_id text collate "C" not null
);
create index clearing_by_project on clearing (project_id);

create table assistant (
  id text collate "C" primary key,
  project_id text collate "C" not null references project (id),
  name text collate "C" not null,
  instructions text collate "C" not null,
  language text collate "C",
  model text collate "C",
  temperature double precision,
  documents text collate "C",
  created_at bigint not null,
  deleted_at bigint
);
create index assistant_by_project on assistant (project_id, created_at);

create table chat (
  id text collate "C" primary key,
  project_id text collate "C" not null references project (id),
  title text collate "C" not null,
  created_at bigint not null,
  deleted_at bigint,
  assistant_id text collate "C" references assistant (id) on delete set null
);
create index chat_by_project on chat (project_id, created_at);
create index chat_by_assistant on chat (assistant_id) where assistant_id is not null;

create table message (
  id text collate "C" primary key,
  chat_id text collate "C" not null references chat (id),
  role text collate "C" not null,
  text text collate "C" not null,
  answer text collate "C",
  completed text collate "C",
  created_at bigint not null,
  passages text collate "C"
);
create index message_by_chat on message (chat_id, created_at, id);

create table setting (
  user_id text collate "C" not null references "user" (id),
  name text collate "C" not null,
  value text collate "C" not null,
  primary key (user_id, name)
);

revoke insert, update, delete on migration, vector_index from cloister_scoped;
revoke delete on replica from cloister_scoped;
${policies('"user"', `id = ${user}`)}
${policies('setting', `user_id = ${user}`)}
${policies('changes', `scope = ${project} or scope = ${user}`)}
${policies('document', `project_id = ${project}`)}
${policies('document_file', ofDocument('document_file'))}
${policies('segment', ofDocument('segment'))}
${policies('chunk', `project_id = ${project}`)}
${policies('library', `project_id = ${project}`)}
${policies('term', `library = ${ownLibrary}`)}
${policies('chunk_words', `library = ${ownLibrary}`)}
${policies('document_vectors', ofDocument('document_vectors'))}
${policies('clearing', `project_id = ${project}`)}
${policies('assistant', `project_id = ${project}`)}
${policies('chat', `project_id = ${project}`)}
${policies('message', 'exists (select from chat where chat.id = message.chat_id)')}

-- Users see all of their projects, and change the one they are in.
alter table project enable row level security, force row level security;
create policy internal on project to current_user using (true);
create policy seen on project for select to cloister_scoped using (user_id = ${user});
create policy added on project for insert to cloister_scoped with check (user_id = ${user} and id = ${named});
create policy changed on project for update to cloister_scoped using (user_id = ${user} and id = ${named});
create policy removed on project for delete to cloister_scoped using (user_id = ${user} and id = ${named});

-- Whose vectors nobody could take away; to be noted by everyone, and seen by the installation alone.
alter table vector_orphan enable row level security, force row level security;
create policy internal on vector_orphan to current_user using (true);
create policy noted on vector_orphan for insert to cloister_scoped with check (${user} is not null);

-- Of all projects of the user, in whichever of them the transaction is.
create function count_documents() returns bigint language sql stable security definer
return (
  select count(*) from document join project on project.id = document.project_id where project.user_id = ${user}
);

-- What an index of words finds for these, best first; see \`engine/postgres-words.ts\`. It runs as its owner, since a policy of
-- rows keeps the index from being asked, and so looks itself at whose words they are. \`budget\`: rows of the lists that are
-- read, from the rarest term on; \`more\`: some were left out. A term's worth is that of BM25 with its usual 1.2 and 0.75, as if a
-- chunk held it once, twice or four times.
create function find_words(wanted text[], within text[], budget bigint, most bigint)
returns table (id bigint, more boolean) language sql stable security definer rows 100
set enable_seqscan = off
begin atomic
with own as materialized (
  select number, chunks, greatest(1, terms::float8 / greatest(1, chunks)) as average
  from library where project_id = ${project}
),
known as (
  select term.term, ln(1 + greatest(0, own.chunks - term.chunks + 0.5::float8) / (term.chunks + 0.5::float8)) as rarity,
    row_number() over by_rarity as place, cast(sum(term.chunks) over by_rarity as bigint) as rows
  from own join term on term.library = own.number
  where term.term = any (wanted)
  window by_rarity as (order by term.chunks, term.term rows unbounded preceding)
),
asked as materialized (
  select (('''' || replace(replace(own.number || class.sign || known.term, '\\', '\\\\'), '''', '''''') || '''')::tsquery) as query,
    known.rarity, class.low::float8, class.high::float8, 0.9 / own.average as slope
  from own, known, (values ('~', 0, 1), ('+', 1, 2), ('*', 2, 4)) as class (sign, low, high)
  where known.place = 1 or known.rows <= budget
),
counted as (
  select found.id, sum(asked.rarity * (asked.high / (asked.high + found.norm) - asked.low / (asked.low + found.norm))) as score
  from asked cross join lateral (
    select chunk_words.id, 0.3::float8 + asked.slope * chunk_words.length as norm
    from chunk_words
    where chunk_words.words @@ asked.query
      and (within is null or chunk_words.document_id = any (within))
      and chunk_words.document_id not in (select document_id from clearing)
  ) as found
  group by found.id
)
select counted.id, (select coalesce(max(rows), 0) from known) > budget from counted order by score desc, counted.id limit most; end;
revoke execute on function count_documents(), find_words(text[], text[], bigint, bigint) from public;
grant execute on function count_documents(), find_words(text[], text[], bigint, bigint) to cloister_scoped;
`
