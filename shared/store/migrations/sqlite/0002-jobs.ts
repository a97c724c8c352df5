/**
 * The lease table, which `queue/lease.ts` reads and writes. `state`: `waiting` (from `run_after` on), `running` (while
 * `lease_until` lies ahead, by the claim named `lease`), `dead`. What is done is gone. At most one open job has a key.
 */
export const jobs = `
create table job (
  id text primary key,
  kind text not null,
  key text not null,
  payload text not null,
  state text not null check (state in ('waiting', 'running', 'dead')),
  run_after integer not null,
  attempts integer not null,
  lease text,
  lease_until integer,
  owner text,
  error text,
  created_at integer not null,
  updated_at integer not null
) strict;
create unique index job_open on job (key) where state in ('waiting', 'running');
create index job_by_key on job (key);
create index job_due on job (state, kind, run_after, id);
`
