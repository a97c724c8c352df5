/**
 * Several people: who has a part in whose project (`expires_at`: for a while, see `workspace/members.ts`), what a user may use where that
 * is not what the installation says (null), and has used (`day`: days since 1970, UTC), and what was done that others must be able to see
 * later (`owner_id`: whose it was done to). `chat.user_id`: its author, which alone finds it.
 */
export const members = `
create table project_member (
  project_id text not null references project (id) on delete cascade,
  user_id text not null references user (id) on delete cascade,
  role text not null check (role in ('editor', 'reader')),
  created_at integer not null,
  expires_at integer,
  primary key (project_id, user_id)
) strict, without rowid;
create index project_member_by_user on project_member (user_id);

create table quota (
  user_id text primary key not null references user (id) on delete cascade,
  files integer,
  bytes integer,
  questions integer
) strict, without rowid;

create table usage (
  user_id text not null references user (id) on delete cascade,
  day integer not null,
  questions integer not null,
  files integer not null,
  bytes integer not null,
  tokens integer not null,
  seen_at integer not null,
  primary key (user_id, day)
) strict, without rowid;
create index usage_by_day on usage (day);

create table audit (
  id text primary key not null,
  at integer not null,
  actor_id text not null,
  owner_id text,
  action text not null,
  object_id text,
  reason text,
  address text
) strict;
create index audit_by_owner on audit (owner_id, at, id);
create index audit_by_time on audit (at, id);

alter table chat add column user_id text not null default '';
update chat set user_id = (select user_id from project where project.id = chat.project_id);
create index chat_by_author on chat (project_id, user_id, created_at);
drop index chat_by_project;
`
