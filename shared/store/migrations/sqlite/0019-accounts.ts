/**
 * Accounts of a server. `auth_user` to `auth_passkey` are better-auth's, in columns of ours: its times are ISO 8601 text, its truth
 * 0 and 1, on both engines. `auth_user.id` is a user of the core, who is in `user` from their first project or setting on. Secrets
 * that somebody shows (`token`, `hash`) are here as their SHA-256 alone; of API keys, `shown` is their beginning.
 *
 * `auth_link`: links of one use that go out by mail (`purpose`: to log in, to verify an address, to reset a password); `browser` is the
 * hash of the cookie of who asked. Where nobody has the address, a row without a user is written all the same, so that it takes as long.
 */
export const accounts = `
create table auth_user (
  id text primary key,
  name text not null,
  email text not null,
  email_verified integer not null,
  image text,
  role text not null,
  language text,
  two_factor_enabled integer,
  blocked_at integer,
  created_at text not null,
  updated_at text not null
) strict;

create table auth_session (
  id text primary key,
  token text not null,
  user_id text not null references auth_user (id) on delete cascade,
  ip_address text,
  user_agent text,
  expires_at text not null,
  created_at text not null,
  updated_at text not null
) strict;

create table auth_account (
  id text primary key,
  user_id text not null references auth_user (id) on delete cascade,
  provider_id text not null,
  account_id text not null,
  password text,
  access_token text,
  refresh_token text,
  id_token text,
  access_token_expires_at text,
  refresh_token_expires_at text,
  scope text,
  created_at text not null,
  updated_at text not null
) strict;

create table auth_verification (
  id text primary key,
  identifier text not null,
  value text not null,
  expires_at text not null,
  created_at text not null,
  updated_at text not null
) strict;

create table auth_two_factor (
  id text primary key,
  user_id text not null references auth_user (id) on delete cascade,
  secret text not null,
  backup_codes text not null,
  verified integer,
  failed_verification_count integer,
  locked_until text
) strict;

create table auth_passkey (
  id text primary key,
  user_id text not null references auth_user (id) on delete cascade,
  name text,
  public_key text not null,
  credential_id text not null,
  counter integer not null,
  device_type text not null,
  backed_up integer not null,
  transports text,
  created_at text,
  aaguid text
) strict;

create table auth_api_key (
  id text primary key,
  user_id text not null references auth_user (id) on delete cascade,
  name text not null,
  shown text not null,
  hash text not null,
  scopes text not null,
  created_at integer not null,
  used_at integer,
  expires_at integer,
  revoked_at integer
) strict;

create table auth_link (
  id text primary key,
  purpose text not null,
  hash text not null,
  user_id text references auth_user (id) on delete cascade,
  browser text,
  created_at integer not null,
  expires_at integer not null,
  used_at integer
) strict;

create table auth_invitation (
  id text primary key,
  hash text not null,
  email text not null,
  role text not null,
  language text not null,
  invited_by text,
  created_at integer not null,
  expires_at integer not null,
  accepted_at integer,
  revoked_at integer
) strict;

create table auth_setup (
  id text primary key,
  hash text not null,
  created_at integer not null,
  used_at integer
) strict;

create unique index auth_user_by_email on auth_user (email);
create unique index auth_session_by_token on auth_session (token);
create index auth_session_by_user on auth_session (user_id);
create unique index auth_account_by_provider on auth_account (provider_id, account_id);
create index auth_account_by_user on auth_account (user_id);
create index auth_verification_by_identifier on auth_verification (identifier);
create unique index auth_two_factor_by_user on auth_two_factor (user_id);
create unique index auth_passkey_by_credential on auth_passkey (credential_id);
create index auth_passkey_by_user on auth_passkey (user_id);
create unique index auth_api_key_by_hash on auth_api_key (hash);
create index auth_api_key_by_user on auth_api_key (user_id);
create unique index auth_link_by_hash on auth_link (hash);
create index auth_link_by_time on auth_link (expires_at);
create unique index auth_invitation_by_hash on auth_invitation (hash);
create unique index auth_setup_by_hash on auth_setup (hash);
`
