/**
 * Whose turn a job is: of a kind, those with a `fair_group` take turns ('' is everybody else's), found by `job_turn`.
 * `every`: it comes again so many milliseconds after it ended. `job_died` finds what died, for the list and its end.
 */
export const turns = `
alter table job add column fair_group text not null default '';
alter table job add column every integer;
create index job_turn on job (kind, fair_group, run_after, id) where state = 'waiting';
create index job_died on job (updated_at) where state = 'dead';
`
