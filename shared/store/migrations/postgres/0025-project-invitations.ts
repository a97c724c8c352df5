/** As on SQLite. Whoever was invited has no part in the project yet: what is theirs is asked for on behalf of the installation. */
const project = `(select id from project where id = nullif(current_setting('cloister.project', true), '')
  and user_id = nullif(current_setting('cloister.user', true), ''))`

export const projectInvitations = `
create table project_invitation (
  id text collate "C" primary key,
  project_id text collate "C" not null references project (id) on delete cascade,
  email text collate "C" not null,
  role text collate "C" not null check (role in ('editor', 'reader')),
  created_at bigint not null,
  expires_at bigint not null,
  declined_at bigint
);
create unique index project_invitation_by_address on project_invitation (project_id, email);
create index project_invitation_by_email on project_invitation (email);
alter table project_invitation enable row level security, force row level security;
create policy internal on project_invitation to current_user using (true);
create policy seen on project_invitation for select to cloister_scoped using (project_id = ${project});
`
