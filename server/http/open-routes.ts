/** What nobody needs to be known for: the ways in. */
const open: readonly string[] = [
  'POST /v1/session',
  'GET /v1/auth/options',
  ...[
    'register',
    'verify-email',
    'login',
    'login/passkey',
    'login/passkey/begin',
    'second-factor',
    'logout',
    'forgot-password',
    'reset-password',
    'magic-link',
    'magic-link/redeem',
    'set-up',
    'invitation',
    'github',
  ].map(name => `POST /v1/auth/${name}`),
]
const ways: ReadonlySet<string> = new Set(open)

/** `path`: without `/api`. */
export function isOpen(method: string, path: string): boolean {
  return ways.has(`${method === 'HEAD' ? 'GET' : method} ${path.replace(/\/$/, '')}`)
}
