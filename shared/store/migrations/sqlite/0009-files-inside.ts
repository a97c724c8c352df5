/**
 * Documents out of other documents: whose file it was (synced), what was found in each (`document_file`, local: reading it
 * again finds the same), what of the text was lost (`reasons`), and how much came out of a document that lies in no other.
 */
export const filesInside = `
alter table document add column parent_id text references document (id) on delete set null;
alter table document add column reasons text;
alter table document add column inside_files integer not null default 0;
alter table document add column inside_bytes integer not null default 0;
create index document_by_parent on document (parent_id) where parent_id is not null;

create table document_file (
  document_id text not null references document (id) on delete cascade,
  number integer not null,
  name text not null,
  path text not null,
  child_id text references document (id) on delete set null,
  reason text,
  primary key (document_id, number)
) strict, without rowid;
create index document_file_by_child on document_file (child_id) where child_id is not null;
`
