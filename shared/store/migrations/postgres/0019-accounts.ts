/** As on SQLite. */
const policy = (table: string) => `
alter table ${table} enable row level security, force row level security;
create policy internal on ${table} to current_user using (true);`

const tables = [
  'auth_user',
  'auth_session',
  'auth_account',
  'auth_verification',
  'auth_two_factor',
  'auth_passkey',
  'auth_api_key',
  'auth_link',
  'auth_invitation',
  'auth_setup',
]

export const accounts = `
create table auth_user (
  id text collate "C" primary key,
  name text collate "C" not null,
  email text collate "C" not null,
  email_verified integer not null,
  image text collate "C",
  role text collate "C" not null,
  language text collate "C",
  two_factor_enabled integer,
  blocked_at bigint,
  created_at text collate "C" not null,
  updated_at text collate "C" not null
);

create table auth_session (
  id text collate "C" primary key,
  token text collate "C" not null,
  user_id text collate "C" not null references auth_user (id) on delete cascade,
  ip_address text collate "C",
  user_agent text collate "C",
  expires_at text collate "C" not null,
  created_at text collate "C" not null,
  updated_at text collate "C" not null
);

create table auth_account (
  id text collate "C" primary key,
  user_id text collate "C" not null references auth_user (id) on delete cascade,
  provider_id text collate "C" not null,
  account_id text collate "C" not null,
  password text collate "C",
  access_token text collate "C",
  refresh_token text collate "C",
  id_token text collate "C",
  access_token_expires_at text collate "C",
  refresh_token_expires_at text collate "C",
  scope text collate "C",
  created_at text collate "C" not null,
  updated_at text collate "C" not null
);

create table auth_verification (
  id text collate "C" primary key,
  identifier text collate "C" not null,
  value text collate "C" not null,
  expires_at text collate "C" not null,
  created_at text collate "C" not null,
  updated_at text collate "C" not null
);

create table auth_two_factor (
  id text collate "C" primary key,
  user_id text collate "C" not null references auth_user (id) on delete cascade,
  secret text collate "C" not null,
  backup_codes text collate "C" not null,
  verified integer,
  failed_verification_count integer,
  locked_until text collate "C"
);

create table auth_passkey (
  id text collate "C" primary key,
  user_id text collate "C" not null references auth_user (id) on delete cascade,
  name text collate "C",
  public_key text collate "C" not null,
  credential_id text collate "C" not null,
  counter bigint not null,
  device_type text collate "C" not null,
  backed_up integer not null,
  transports text collate "C",
  created_at text collate "C",
  aaguid text collate "C"
);

create table auth_api_key (
  id text collate "C" primary key,
  user_id text collate "C" not null references auth_user (id) on delete cascade,
  name text collate "C" not null,
  shown text collate "C" not null,
  hash text collate "C" not null,
  scopes text collate "C" not null,
  created_at bigint not null,
  used_at bigint,
  expires_at bigint,
  revoked_at bigint
);

create table auth_link (
  id text collate "C" primary key,
  purpose text collate "C" not null,
  hash text collate "C" not null,
  user_id text collate "C" references auth_user (id) on delete cascade,
  browser text collate "C",
  created_at bigint not null,
  expires_at bigint not null,
  used_at bigint
);

create table auth_invitation (
  id text collate "C" primary key,
  hash text collate "C" not null,
  email text collate "C" not null,
  role text collate "C" not null,
  language text collate "C" not null,
  invited_by text collate "C",
  created_at bigint not null,
  expires_at bigint not null,
  accepted_at bigint,
  revoked_at bigint
);

create table auth_setup (
  id text collate "C" primary key,
  hash text collate "C" not null,
  created_at bigint not null,
  used_at bigint
);

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

-- The installation alone asks these: the role of scoped transactions has no right to them, and would see no row.
revoke all on ${tables.join(', ')} from cloister_scoped;
${tables.map(policy).join('')}
`
