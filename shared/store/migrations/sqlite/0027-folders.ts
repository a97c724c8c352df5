/**
 * Folders of this machine that a project follows, and the files in them. `modified_at`: microseconds. `own`: the document came by this file
 * and by nothing else. `previous_id`: the document of what was in the file before, until the new one can be found. `refused`: JSON of
 * the `Reason` why it is no document. `leaving`: its documents are on their way to the trash.
 */
export const folders = `
create table followed_folder (
  id text primary key not null,
  project_id text not null references project (id) on delete cascade,
  path text not null,
  device text not null,
  inode text not null,
  ignore text not null,
  unsupported integer,
  leaving integer not null,
  created_at integer not null
) strict;
create index followed_folder_by_project on followed_folder (project_id, created_at);

create table followed_file (
  folder_id text not null references followed_folder (id) on delete cascade,
  path text not null,
  size integer not null,
  modified_at integer not null,
  device text not null,
  inode text not null,
  blob text,
  document_id text references document (id) on delete set null,
  own integer not null,
  previous_id text references document (id) on delete set null,
  refused text,
  primary key (folder_id, path)
) strict, without rowid;
create index followed_file_by_inode on followed_file (folder_id, inode);
create index followed_file_by_document on followed_file (document_id) where document_id is not null;
create index followed_file_by_previous on followed_file (previous_id) where previous_id is not null;
create index followed_file_refused on followed_file (folder_id, path) where refused is not null;
`
