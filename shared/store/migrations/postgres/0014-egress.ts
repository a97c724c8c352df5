/** As on SQLite. Users see their own and the installation's; without a policy for anything else, only it writes. */
const user = `nullif(current_setting('cloister.user', true), '')`

export const egress = `
create table egress (
  id text collate "C" primary key,
  started_at bigint not null,
  ended_at bigint,
  beat bigint not null,
  user_id text collate "C",
  project_id text collate "C",
  purpose text collate "C" not null,
  host text collate "C" not null,
  port bigint not null,
  address text collate "C",
  sent bigint not null,
  received bigint not null,
  outcome text collate "C" not null check (outcome in ('open', 'done', 'failed', 'refused')),
  why text collate "C"
);
create index egress_by_user on egress (user_id, started_at, id);
create index egress_by_time on egress (started_at);
create index egress_open on egress (beat) where outcome = 'open';

alter table egress enable row level security, force row level security;
create policy internal on egress to current_user using (true);
create policy seen on egress for select to cloister_scoped
  using (user_id = ${user} or (user_id is null and ${user} is not null));
`
