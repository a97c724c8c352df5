/** As on SQLite. Nobody follows folders here, but a library that did may be restored. */
const project = `(select id from project where id = nullif(current_setting('cloister.project', true), '')
  and user_id = nullif(current_setting('cloister.user', true), ''))`

const policies = (table: string, own: string) => `
alter table ${table} enable row level security, force row level security;
create policy internal on ${table} to current_user using (true);
create policy own on ${table} to cloister_scoped using (${own});`

export const folders = `
create table followed_folder (
  id text collate "C" primary key,
  project_id text collate "C" not null references project (id) on delete cascade,
  path text collate "C" not null,
  device text collate "C" not null,
  inode text collate "C" not null,
  ignore text collate "C" not null,
  unsupported bigint,
  leaving bigint not null,
  created_at bigint not null
);
create index followed_folder_by_project on followed_folder (project_id, created_at);

create table followed_file (
  folder_id text collate "C" not null references followed_folder (id) on delete cascade,
  path text collate "C" not null,
  size bigint not null,
  modified_at bigint not null,
  device text collate "C" not null,
  inode text collate "C" not null,
  blob text collate "C",
  document_id text collate "C" references document (id) on delete set null,
  own bigint not null,
  previous_id text collate "C" references document (id) on delete set null,
  refused text collate "C",
  primary key (folder_id, path)
);
create index followed_file_by_inode on followed_file (folder_id, inode);
create index followed_file_by_document on followed_file (document_id) where document_id is not null;
create index followed_file_by_previous on followed_file (previous_id) where previous_id is not null;
create index followed_file_refused on followed_file (folder_id, path) where refused is not null;
${policies('followed_folder', `project_id = ${project}`)}
${policies('followed_file', 'exists (select from followed_folder where followed_folder.id = followed_file.folder_id)')}
`
