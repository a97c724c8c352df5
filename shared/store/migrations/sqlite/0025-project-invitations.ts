/**
 * Who was asked into a project, by an address that nobody looks up: it may have an account or none. `declined_at`: whoever has the address
 * wants none of it, which the owner is not told.
 */
export const projectInvitations = `
create table project_invitation (
  id text primary key not null,
  project_id text not null references project (id) on delete cascade,
  email text not null,
  role text not null check (role in ('editor', 'reader')),
  created_at integer not null,
  expires_at integer not null,
  declined_at integer
) strict;
create unique index project_invitation_by_address on project_invitation (project_id, email);
create index project_invitation_by_email on project_invitation (email);
`
