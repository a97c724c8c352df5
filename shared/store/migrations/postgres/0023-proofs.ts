/** When a session was proven, and which codes were taken: see there. */
export const proofs = `
alter table auth_session add column proven_at bigint;
alter table auth_two_factor add column used_step bigint;
create index auth_link_by_user on auth_link (user_id);
`
