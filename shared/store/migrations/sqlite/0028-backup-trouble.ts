/** Why the last backup that was due did not come about: one row, of the installation, while that is so. */
export const backupTrouble = `
create table backup_trouble (
  one integer primary key check (one = 1),
  at integer not null,
  until integer not null,
  reason text not null
) strict;
`
