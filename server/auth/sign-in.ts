/** Logging in and out: password, second factor, links, passkeys, GitHub. */
import type { Account } from '../../shared/api/account.ts'
import { AppError, toAppError } from '../../shared/errors.ts'
import type { Connection } from '../../shared/store/connection.ts'
import type { Tx } from '../../shared/store/schema.ts'
import type { BetterAuth } from './better-auth.ts'
import type { News } from './credentials.ts'
import type { Links } from './links.ts'
import { languageOf, type People } from './people.ts'
import type { Post } from './post.ts'
import { createSameBrowser } from './same-browser.ts'
import type { OwnSession, Sessions } from './sessions.ts'
import type { Tries } from './tries.ts'
import type { Turns } from './turns.ts'
import { asked, askedWith, headersOf, type Visit } from './visit.ts'
import type { Ways } from './ways.ts'

export interface SignInDependencies {
  connection: Connection
  better: () => Promise<BetterAuth>
  people: People
  sessions: Sessions
  links: Links
  post: Post
  tries: Tries
  turns: Turns
  ways: Ways
  demandProof: (session: OwnSession) => Promise<void>
  tell: (tx: Tx, userId: string, news: News) => Promise<void>
  publicUrl: string
  /** What the names of our cookies begin with. */
  prefix: string
  /** Milliseconds. */
  linkAge: number
  github: boolean
  confirmAgain: (visit: Visit, email: string) => Promise<void>
}

export type LoggedIn = { state: 'logged-in'; account: Account } | { state: 'second-factor' }
export type SignIn = ReturnType<typeof createSignIn>

export function createSignIn(deps: SignInDependencies) {
  const { connection, better, people, sessions, links, post, publicUrl, prefix, linkAge } = deps
  const { tries, turns, ways } = deps
  const asker = createSameBrowser({ name: `${prefix}.browser`, publicUrl })
  const secure = publicUrl.startsWith('https:') ? '; Secure' : ''

  const welcome = async (userId: string): Promise<LoggedIn> => ({
    state: 'logged-in',
    account: await people.account(userId),
  })

  /** The one that was there before ends: nobody who knew its cookie is let in by the new one's rights. */
  async function leave(visit: Visit): Promise<void> {
    const before = await sessions.find(visit.cookie)
    if (before) await sessions.end(before.userId, before.sessionId)
  }

  /** For somebody who is known by a way of ours. Throws `account-blocked`. */
  async function openFor(visit: Visit, userId: string, { challenge }: { challenge: boolean }): Promise<LoggedIn> {
    const person = await people.byId(userId)
    if (!person) throw new AppError('link-invalid')
    if (person.blocked_at !== null) throw new AppError('account-blocked')
    await leave(visit)
    const body = { userId, challenge: challenge && person.two_factor_enabled === 1 }
    const { api } = await better()
    const call = api.logInAs({ body, headers: headersOf(visit, sessions.cookie), returnHeaders: true })
    const { secondFactor } = await askedWith(visit, call)
    return secondFactor ? { state: 'second-factor' } : welcome(userId)
  }

  return {
    openFor,

    /**
     * Throws `log-in-failed` for an unknown address as for a wrong password, after the same time; to whoever has the right one
     * `email-unverified`, `account-blocked`; `too-many-tries`.
     */
    async logIn(visit: Visit, email: string, password: string): Promise<LoggedIn> {
      const one = { email, address: visit.address }
      await tries.begin(one)
      const before = await people.passwordOf((await people.byEmail(email))?.id ?? '')
      const { api } = await better()
      const body = { email, password, rememberMe: true }
      const headers = headersOf(visit, sessions.cookie)
      const call = () => asked(api.signInEmail({ body, headers, returnHeaders: true }), 'log-in-failed')
      const { headers: given, response } = await turns.as(visit, call).catch(async error => {
        const { code } = toAppError(error)
        if (code === 'email-unverified') await deps.confirmAgain(visit, email)
        // Whoever was sent away, or went, before anybody looked.
        if (code === 'too-many-tries' || code === 'cancelled') await tries.giveBack(one)
        throw error
      })
      await tries.succeeded(one)
      const person = await people.byEmail(email)
      if (!person) throw new AppError('log-in-failed')
      if (person.blocked_at !== null) {
        await connection.transaction('internal', tx => sessions.endAll(tx, person.id))
        throw new AppError('account-blocked')
      }
      // While it was looked at, which takes a third of a second and more where others wait, somebody may have made it worthless.
      if ((await people.passwordOf(person.id)) !== before) {
        await connection.transaction('internal', async tx => {
          await sessions.endAll(tx, person.id)
          await ways.endBegun(tx, person.id)
        })
        throw new AppError('log-in-failed')
      }
      await leave(visit)
      visit.setCookies(given.getSetCookie())
      return 'twoFactorRedirect' in response ? { state: 'second-factor' } : welcome(person.id)
    },

    /** Throws `code-wrong`, `code-late`, `too-many-tries`. */
    async secondFactor(
      visit: Visit,
      { code, kind, trust }: { code: string; kind: 'totp' | 'recovery'; trust: boolean },
    ): Promise<LoggedIn> {
      const { api } = await better()
      const headers = headersOf(visit, sessions.cookie)
      const body = { code, trustDevice: trust }
      const call = kind === 'totp' ? api.verifyTOTP : api.verifyBackupCode
      const { headers: given, response } = await asked(call({ body, headers, returnHeaders: true }), 'code-wrong')
      const person = await people.byId(response.user.id)
      if (!person || person.blocked_at !== null) {
        await connection.transaction('internal', tx => sessions.endAll(tx, response.user.id))
        throw new AppError('account-blocked')
      }
      visit.setCookies(given.getSetCookie())
      return welcome(person.id)
    },

    /** The cookie goes whether or not there was a session. */
    async logOut(visit: Visit): Promise<void> {
      await leave(visit)
      visit.setCookies([`${sessions.cookie}=; Max-Age=0; Path=/; HttpOnly${secure}; SameSite=Lax`])
    },

    /** Says and does the same whether there is such an account. Throws `mail-off`. */
    async requestLink(visit: Visit, email: string): Promise<void> {
      if (!post.on) throw new AppError('mail-off')
      const person = await people.byEmail(email)
      const known = person && person.blocked_at === null ? person : undefined
      const browser = asker.mark(visit, linkAge)
      const link = { purpose: 'log-in', userId: known?.id ?? null, age: linkAge, browser } as const
      const mail = { to: email, language: known ? languageOf(known, visit.language) : visit.language }
      await connection.transaction('internal', async tx => {
        const { token, good } = await links.add(tx, link)
        const values = { link: `${publicUrl}/#login=${token}`, minutes: Math.round(linkAge / 60_000) }
        await post.send(tx, { kind: 'magic-link', ...mail, values }, { nobody: !good })
      })
    },

    /**
     * Throws `link-invalid`; `link-elsewhere` in another browser than the one that asked, where it takes one more click (`here`), so
     * that nobody logs somebody else in by sending them a link of theirs.
     */
    async redeemLink(visit: Visit, token: string, { here }: { here: boolean }): Promise<LoggedIn> {
      const found = await links.look('log-in', token, asker.secretOf(visit))
      if (found === undefined) throw new AppError('link-invalid')
      if (found.place === 'elsewhere' && !here) throw new AppError('link-elsewhere')
      const userId = await connection.transaction('internal', async tx => {
        const userId = await links.take(tx, 'log-in', token)
        if (userId === undefined) throw new AppError('link-invalid')
        // Anybody may have registered an address that nobody had proven.
        const first = await people.proveEmail(tx, userId)
        if (first) {
          const { ended } = await ways.end(tx, userId, 'proof')
          await deps.tell(tx, userId, { kind: 'address-proven', values: { ended } })
        }
        return userId
      })
      asker.forget(visit)
      return openFor(visit, userId, { challenge: true })
    },

    async beginPasskey(visit: Visit): Promise<Record<string, unknown>> {
      const { api } = await better()
      const headers = headersOf(visit, sessions.cookie)
      const call = api.generatePasskeyAuthenticationOptions({ headers, returnHeaders: true })
      // See `passkeys.ts`; better-auth can be told so of new ones alone.
      return { ...(await askedWith(visit, call, 'passkey-failed')), userVerification: 'required' }
    },

    /** Throws `passkey-failed`, `account-blocked`. */
    async passkey(visit: Visit, response: Record<string, unknown>): Promise<LoggedIn> {
      const { api } = await better()
      const headers = headersOf(visit, sessions.cookie)
      const call = api.verifyPasskeyAuthentication({ body: { response } as never, headers, returnHeaders: true })
      const { headers: given, response: said } = await asked(call, 'passkey-failed')
      const person = await people.byId(said.session.userId)
      if (!person) throw new AppError('passkey-failed')
      if (person.blocked_at !== null) {
        await connection.transaction('internal', tx => sessions.endAll(tx, person.id))
        throw new AppError('account-blocked')
      }
      await leave(visit)
      visit.setCookies(given.getSetCookie())
      return welcome(person.id)
    },

    /** Where to go. Logged in, GitHub is added to the account. Throws `github-off`; logged in, `proof-needed`. */
    async beginGitHub(visit: Visit): Promise<string> {
      if (!deps.github) throw new AppError('github-off')
      const { api } = await better()
      const known = await sessions.find(visit.cookie)
      if (known) await deps.demandProof(known)
      const body = { provider: 'github', callbackURL: `${publicUrl}/`, errorCallbackURL: `${publicUrl}/` } as const
      const options = { headers: headersOf(visit), returnHeaders: true } as const
      const call = known
        ? api.linkSocialAccount({ body: { ...body, disableRedirect: true }, ...options })
        : api.signInSocial({ body: { ...body, disableRedirect: true }, ...options })
      const { url } = await askedWith<{ url?: string | undefined }>(visit, call as never)
      if (!url) throw new AppError('github-off')
      return url
    },
  }
}
