/** As on SQLite. */
const user = `nullif(current_setting('cloister.user', true), '')`

export const providers = `
create table provider (
  id text collate "C" primary key,
  user_id text collate "C" not null references "user" (id),
  slug text collate "C" not null,
  kind text collate "C" not null,
  name text collate "C" not null,
  base_url text collate "C" not null,
  key_sealed text collate "C",
  key_hint text collate "C",
  enabled integer not null,
  models text collate "C" not null,
  listed_at bigint,
  created_at bigint not null,
  updated_at bigint not null
);
create unique index provider_by_slug on provider (user_id, slug);

alter table project add column local_only bigint not null default 0;
alter table project add column providers text collate "C";
alter table project add column chat_model text collate "C";
alter table chat add column model text collate "C";

alter table provider enable row level security, force row level security;
create policy internal on provider to current_user using (true);
create policy own on provider to cloister_scoped using (user_id = ${user});
`
