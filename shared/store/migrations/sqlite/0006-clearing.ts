/**
 * Documents whose chunks are on their way out: hidden from every search since the row was written, taken away a piece at a
 * time. Local, never synced.
 */
export const clearing = `
create table clearing (
  document_id text primary key references document (id) on delete cascade,
  project_id text not null
) strict, without rowid;
create index clearing_by_project on clearing (project_id);
`
