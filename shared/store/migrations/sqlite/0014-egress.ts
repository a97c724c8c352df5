/**
 * The ledger of what left this machine, or was to. `beat`: when somebody last said that the request is still under way. It
 * refers to nobody: a project that is gone has left its traces here.
 */
export const egress = `
create table egress (
  id text primary key,
  started_at integer not null,
  ended_at integer,
  beat integer not null,
  user_id text,
  project_id text,
  purpose text not null,
  host text not null,
  port integer not null,
  address text,
  sent integer not null,
  received integer not null,
  outcome text not null check (outcome in ('open', 'done', 'failed', 'refused')),
  why text
) strict;
create index egress_by_user on egress (user_id, started_at, id);
create index egress_by_time on egress (started_at);
create index egress_open on egress (beat) where outcome = 'open';
`
