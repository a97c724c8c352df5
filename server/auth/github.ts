/** Logging in with GitHub: who somebody is, asked through the one way out of this machine. */
import type { GenericOAuthConfig } from 'better-auth/plugins/generic-oauth'
import type { GitHubConfig } from '../config-auth.ts'

export type Fetch = typeof globalThis.fetch

const wait = 15_000

interface GitHubUser {
  id?: unknown
  login?: unknown
  name?: unknown
  avatar_url?: unknown
}
type GitHubAddress = { email?: unknown; primary?: unknown; verified?: unknown }

/** Code and PKCE; the account is the number that GitHub has for it. `open`: whether strangers may get an account by it. */
export function gitHubProvider(
  { id, secret, url, apiUrl }: GitHubConfig,
  fetch: Fetch,
  { open }: { open: boolean },
): GenericOAuthConfig {
  async function ask(address: string, init: RequestInit): Promise<unknown> {
    const headers = { accept: 'application/json', 'user-agent': 'Cloister', ...init.headers }
    const response = await fetch(address, { ...init, headers, signal: AbortSignal.timeout(wait), redirect: 'error' })
    if (!response.ok) throw new Error(`GitHub answered ${response.status}`)
    return response.json()
  }

  return {
    providerId: 'github',
    clientId: id,
    clientSecret: secret,
    authorizationUrl: `${url}/login/oauth/authorize`,
    tokenUrl: `${url}/login/oauth/access_token`,
    scopes: ['read:user', 'user:email'],
    pkce: true,
    disableSignUp: !open,
    async getToken({ code, redirectURI, codeVerifier }) {
      const body = new URLSearchParams({ client_id: id, client_secret: secret, code, redirect_uri: redirectURI })
      if (codeVerifier) body.set('code_verifier', codeVerifier)
      const answer = (await ask(`${url}/login/oauth/access_token`, { method: 'POST', body })) as Record<string, unknown>
      if (typeof answer.access_token !== 'string') throw new Error('GitHub gave no token')
      return { accessToken: answer.access_token, tokenType: 'Bearer' }
    },
    async getUserInfo({ accessToken }) {
      const headers = { authorization: `Bearer ${accessToken}` }
      const look = (path: string) => ask(`${apiUrl}${path}`, { headers })
      // What is thrown here, better-auth would print; without an answer, it leads back to our page.
      const said = await Promise.all([look('/user'), look('/user/emails')]).catch(() => undefined)
      if (!said) return null
      const [user, addresses] = said as [GitHubUser, GitHubAddress[]]
      const own = Array.isArray(addresses) ? addresses.find(one => one.primary === true && one.verified === true) : null
      if (typeof user.id !== 'number' || !Number.isSafeInteger(user.id) || typeof own?.email !== 'string') return null
      const name = typeof user.name === 'string' && user.name !== '' ? user.name : String(user.login ?? '')
      return { id: String(user.id), email: own.email, emailVerified: true, name: name.slice(0, 100) }
    },
    accountSubject: ({ profile }) => String(profile.id),
  }
}
