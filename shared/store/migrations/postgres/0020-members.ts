/**
 * As on SQLite. A chat is seen by its author alone, whom the setting `cloister.member` names: the user of the transaction, where nobody else
 * asks in their project. When a project goes, its chats go with it by reference, since nobody sees all of them.
 */
const named = `nullif(current_setting('cloister.project', true), '')`
const user = `nullif(current_setting('cloister.user', true), '')`
const member = `nullif(current_setting('cloister.member', true), '')`
const project = `(select id from project where id = ${named} and user_id = ${user})`

const forced = (table: string) => `
alter table ${table} enable row level security, force row level security;
create policy internal on ${table} to current_user using (true);`

export const members = `
create table project_member (
  project_id text collate "C" not null references project (id) on delete cascade,
  user_id text collate "C" not null references "user" (id) on delete cascade,
  role text collate "C" not null check (role in ('editor', 'reader')),
  created_at bigint not null,
  expires_at bigint,
  primary key (project_id, user_id)
);
create index project_member_by_user on project_member (user_id);

create table quota (
  user_id text collate "C" primary key references "user" (id) on delete cascade,
  files bigint,
  bytes bigint,
  questions bigint
);

create table usage (
  user_id text collate "C" not null references "user" (id) on delete cascade,
  day bigint not null,
  questions bigint not null,
  files bigint not null,
  bytes bigint not null,
  tokens bigint not null,
  seen_at bigint not null,
  primary key (user_id, day)
) with (fillfactor = 70);
create index usage_by_day on usage (day);

create table audit (
  id text collate "C" primary key,
  at bigint not null,
  actor_id text collate "C" not null,
  owner_id text collate "C",
  action text collate "C" not null,
  object_id text collate "C",
  reason text collate "C",
  address text collate "C"
);
create index audit_by_owner on audit (owner_id, at, id);
create index audit_by_time on audit (at, id);

alter table chat add column user_id text collate "C" not null default '';
update chat set user_id = (select user_id from project where project.id = chat.project_id);
create index chat_by_author on chat (project_id, user_id, created_at);
drop index chat_by_project;

alter table chat drop constraint chat_project_id_fkey,
  add constraint chat_project_id_fkey foreign key (project_id) references project (id) on delete cascade;
alter table message drop constraint message_chat_id_fkey,
  add constraint message_chat_id_fkey foreign key (chat_id) references chat (id) on delete cascade;
${forced('project_member')}
create policy own on project_member to cloister_scoped using (project_id = ${project});
${forced('quota')}
create policy seen on quota for select to cloister_scoped using (user_id = ${user});
${forced('usage')}
create policy seen on usage for select to cloister_scoped using (user_id = ${user});
${forced('audit')}
create policy seen on audit for select to cloister_scoped using (owner_id = ${user});

drop policy own on chat;
create policy own on chat to cloister_scoped using (project_id = ${project} and user_id = ${member});
drop policy own on answer_run;
create policy own on answer_run to cloister_scoped using (exists (select from chat where chat.id = answer_run.chat_id));

-- Of all projects of the user, in whichever of them the transaction is.
drop function count_documents();
create function tally_documents(out documents bigint, out bytes bigint) language sql stable security definer
begin atomic
select count(*), coalesce(sum(document.size), 0)::bigint from document join project on project.id = document.project_id
  where project.user_id = ${user}; end;
revoke execute on function tally_documents() from public;
grant execute on function tally_documents() to cloister_scoped;
`
