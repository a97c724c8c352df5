/**
 * Servers with models, as users add them, with their keys sealed (see `ports.ts`, `Secrets`) and what they last said they have
 * (JSON); and what a project says of models: JSON of the slugs that are allowed, null for all. What belongs to projects and
 * chats syncs; providers do not, since their keys are this installation's.
 */
export const providers = `
create table provider (
  id text primary key,
  user_id text not null references user (id),
  slug text not null,
  kind text not null,
  name text not null,
  base_url text not null,
  key_sealed text,
  key_hint text,
  enabled integer not null,
  models text not null,
  listed_at integer,
  created_at integer not null,
  updated_at integer not null
) strict;
create unique index provider_by_slug on provider (user_id, slug);

alter table project add column local_only integer not null default 0;
alter table project add column providers text;
alter table project add column chat_model text;
alter table chat add column model text;
`
