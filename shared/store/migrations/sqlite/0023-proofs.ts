/**
 * `auth_session.proven_at`: when its owner last gave the password in it; what opens the account for good asks for it.
 * `auth_two_factor.used_step`: the half minute whose code was taken last; it and those before it are not taken again.
 */
export const proofs = `
alter table auth_session add column proven_at integer;
alter table auth_two_factor add column used_step integer;
create index auth_link_by_user on auth_link (user_id);
`
