/** Row types of the tables of accounts: see `migrations/sqlite/0019-accounts.ts`. The SQL on them is in `server/auth`. */
export interface AuthTables {
  auth_user: {
    id: string
    name: string
    email: string
    email_verified: number
    image: string | null
    role: string
    language: string | null
    two_factor_enabled: number | null
    blocked_at: number | null
    created_at: string
    updated_at: string
  }
  auth_session: {
    id: string
    token: string
    user_id: string
    ip_address: string | null
    user_agent: string | null
    expires_at: string
    created_at: string
    updated_at: string
    /** Null on rows that better-auth makes: their making is the proof. */
    proven_at: number | null
  }
  auth_account: {
    id: string
    user_id: string
    provider_id: string
    account_id: string
    password: string | null
    access_token: string | null
    refresh_token: string | null
    id_token: string | null
    access_token_expires_at: string | null
    refresh_token_expires_at: string | null
    scope: string | null
    created_at: string
    updated_at: string
  }
  auth_verification: {
    id: string
    identifier: string
    value: string
    expires_at: string
    created_at: string
    updated_at: string
  }
  auth_two_factor: {
    id: string
    user_id: string
    secret: string
    backup_codes: string
    verified: number | null
    failed_verification_count: number | null
    locked_until: string | null
    used_step: number | null
  }
  auth_passkey: {
    id: string
    user_id: string
    name: string | null
    public_key: string
    credential_id: string
    counter: number
    device_type: string
    backed_up: number
    transports: string | null
    created_at: string | null
    aaguid: string | null
  }
  auth_api_key: {
    id: string
    user_id: string
    name: string
    shown: string
    hash: string
    scopes: string
    created_at: number
    used_at: number | null
    expires_at: number | null
    revoked_at: number | null
  }
  auth_link: {
    id: string
    purpose: string
    hash: string
    user_id: string | null
    browser: string | null
    created_at: number
    expires_at: number
    used_at: number | null
  }
  auth_invitation: {
    id: string
    hash: string
    email: string
    role: string
    language: string
    invited_by: string | null
    created_at: number
    expires_at: number
    accepted_at: number | null
    revoked_at: number | null
  }
  auth_setup: {
    id: string
    hash: string
    created_at: number
    used_at: number | null
  }
}
