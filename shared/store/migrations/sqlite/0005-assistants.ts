/** Assistants, whom a chat may be with, and the user's settings. `documents` and `value` hold JSON. All of it syncs. */
export const assistants = `
create table assistant (
  id text primary key,
  project_id text not null references project (id),
  name text not null,
  instructions text not null,
  language text,
  model text,
  temperature real,
  documents text,
  created_at integer not null,
  deleted_at integer
) strict;
create index assistant_by_project on assistant (project_id, created_at);

alter table chat add column assistant_id text references assistant (id) on delete set null;

create table setting (
  user_id text not null references user (id),
  name text not null,
  value text not null,
  primary key (user_id, name)
) strict, without rowid;
`
