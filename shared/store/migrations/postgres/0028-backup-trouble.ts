/** Why the last backup that was due did not come about: one row, of the installation, while that is so. */
export const backupTrouble = `
create table backup_trouble (
  one integer primary key check (one = 1),
  at bigint not null,
  until bigint not null,
  reason text collate "C" not null
);
-- The installation alone asks it, as the tables of accounts.
revoke all on backup_trouble from cloister_scoped;
alter table backup_trouble enable row level security, force row level security;
create policy internal on backup_trouble to current_user using (true);
`
