/**
 * better-auth as we use it: passwords, sessions, second factors, passkeys and GitHub, over our own tables and without its routes. It
 * comes with the first use of a server in server mode, and nowhere else: it takes memory (see `docs/decisions/0017-accounts.md`).
 */
import { passkey } from '@better-auth/passkey'
import type { BetterAuthOptions, BetterAuthPlugin } from 'better-auth'
import { createAuthEndpoint } from 'better-auth/api'
import { setSessionCookie } from 'better-auth/cookies'
import { getAdapter } from 'better-auth/db/adapter'
import { betterAuth } from 'better-auth/minimal'
import { genericOAuth } from 'better-auth/plugins/generic-oauth'
import { twoFactor } from 'better-auth/plugins/two-factor'
import type { Kysely } from 'kysely'
import { z } from 'zod'
import type { Schema } from '../../shared/store/schema.ts'
import type { ServerMode } from '../config-auth.ts'
import { type Fetch, gitHubProvider } from './github.ts'
import { withHashedSessions } from './hashed-sessions.ts'
import { codesOnce } from './once.ts'
import { demandVerified } from './passkeys.ts'
import { longest, type Passwords, shortest } from './passwords.ts'

export interface BetterAuthDependencies {
  /** On behalf of the installation. */
  db: Kysely<Schema>
  mode: ServerMode
  passwords: Pick<Passwords, 'hash' | 'verify'>
  /** Whether an address must be confirmed before one can log in with a password. */
  mail: boolean
  nextId: () => string
  log: (level: 'debug' | 'info' | 'warn' | 'error', message: string) => void
  /** GitHub was added to an account that was there, as this row, in a browser with these cookies. What it throws is the answer. */
  onGitHub?: (userId: string, id: string, cookies: string | undefined) => Promise<void>
  /** To GitHub; without it, there is no logging in with it. */
  fetch: Fetch | undefined
}

/** Under which a request carries the address of who asks, in the headers that are made for better-auth. */
export const addressHeader = 'x-cloister-address'
export const basePath = '/api/v1/auth'
/** Milliseconds: an account that GitHub made is not older when GitHub is noted at it. */
const moment = 10_000
/** Seconds for the second factor, after the password. */
const patience = 600

const snake = (name: string) => name.replace(/ID$/, '_id').replace(/[A-Z]/g, sign => `_${sign.toLowerCase()}`)
const columns = <Name extends string>(...names: Name[]) =>
  Object.fromEntries(names.map(name => [name, snake(name)])) as Record<Name, string>

/** What the names of cookies begin with: `__Host-` where browsers insist on all that it means, which needs https. */
export function cookiePrefix(publicUrl: string): string {
  const { protocol, port } = new URL(publicUrl)
  // Cookies know no ports.
  return protocol === 'https:' ? '__Host-cloister' : `cloister-${port || '80'}`
}

export function optionsOf(deps: BetterAuthDependencies) {
  const { db, mode, passwords, mail, nextId, log, onGitHub, fetch } = deps
  const { publicUrl, secret, sessionAge, registration } = mode
  const secure = publicUrl.startsWith('https:')
  return {
    appName: 'Cloister',
    baseURL: publicUrl,
    basePath,
    secret,
    trustedOrigins: [publicUrl],
    telemetry: { enabled: false },
    // Ours come before it: see `tries.ts` and what stands at the edge.
    rateLimit: { enabled: false },
    logger: {
      // Its warnings say which addresses are unknown.
      level: 'error',
      log: (level, message) => log(level, message),
    },
    user: {
      modelName: 'auth_user',
      fields: columns('name', 'email', 'emailVerified', 'image', 'createdAt', 'updatedAt'),
      additionalFields: {
        role: { type: 'string', input: false, defaultValue: 'member', required: true },
        language: { type: 'string', input: false, required: false },
      },
    },
    session: {
      modelName: 'auth_session',
      fields: columns('expiresAt', 'token', 'createdAt', 'updatedAt', 'ipAddress', 'userAgent', 'userId'),
      // From its beginning on, whatever happens: how long one may be idle is looked at in `sessions.ts`.
      expiresIn: Math.round(sessionAge / 1000),
      disableSessionRefresh: true,
      freshAge: 0,
      cookieCache: { enabled: false },
    },
    account: {
      modelName: 'auth_account',
      fields: columns(
        ...(['accountId', 'providerId', 'userId', 'accessToken', 'refreshToken', 'idToken'] as const),
        ...(['accessTokenExpiresAt', 'refreshTokenExpiresAt', 'scope', 'password', 'createdAt', 'updatedAt'] as const),
      ),
      // Somebody at GitHub is who their number says, never who their address says.
      accountLinking: { enabled: true, disableImplicitLinking: true, allowDifferentEmails: true },
    },
    verification: {
      modelName: 'auth_verification',
      fields: columns('identifier', 'value', 'expiresAt', 'createdAt', 'updatedAt'),
      storeIdentifier: 'hashed',
    },
    emailAndPassword: {
      enabled: true,
      disableSignUp: true,
      requireEmailVerification: mail,
      minPasswordLength: shortest,
      maxPasswordLength: 2 * longest,
      password: { hash: passwords.hash, verify: ({ hash, password }) => passwords.verify(hash, password) },
    },
    advanced: {
      cookiePrefix: cookiePrefix(publicUrl),
      // Or better-auth would put its own `__Secure-` before ours.
      useSecureCookies: false,
      defaultCookieAttributes: { secure, httpOnly: true, sameSite: 'lax', path: '/' },
      ipAddress: { ipAddressHeaders: [addressHeader] },
      // `validateSchema` asks the engine in ways of its own; a test asks instead.
      database: { generateId: nextId, validateSchema: false },
    },
    databaseHooks: {
      user: {
        // Of those who came by GitHub; runs behind the transaction. Nothing else makes their row of the core (`store/users.ts`): whoever has
        // none because a kill came in between can keep nothing here, until an owner removes the account.
        create: {
          async after({ id }) {
            await db
              .insertInto('user')
              .values({ id, created_at: Date.now() })
              .onConflict(conflict => conflict.doNothing())
              .execute()
          },
        },
      },
      account: {
        // What GitHub gave is used once, to see who it is.
        create: {
          before: async account => ({ data: { ...account, ...noTokens } }),
          async after({ id, userId, providerId }, ctx) {
            const query = db.selectFrom('auth_user').select('created_at').where('id', '=', userId)
            const user = providerId === 'github' ? await query.executeTakeFirst() : undefined
            // An account that came by GitHub is made in the same moment.
            if (user && Date.parse(user.created_at) + moment < Date.now())
              await onGitHub?.(userId, id, ctx?.headers?.get('cookie') ?? undefined)
          },
        },
        update: { before: async account => ({ data: { ...account, ...noTokens } }) },
      },
    },
    plugins: [
      twoFactor({
        issuer: 'Cloister',
        allowPasswordless: true,
        twoFactorCookieMaxAge: patience,
        schema: {
          user: { fields: columns('twoFactorEnabled') },
          twoFactor: {
            modelName: 'auth_two_factor',
            fields: columns('secret', 'backupCodes', 'userId', 'verified', 'failedVerificationCount', 'lockedUntil'),
          },
        },
      }),
      passkey({
        rpID: new URL(publicUrl).hostname,
        rpName: 'Cloister',
        origin: publicUrl,
        // Who holds the device is looked at too, so that a passkey is two factors by itself.
        authenticatorSelection: { residentKey: 'preferred', userVerification: 'required' },
        ...demandVerified(db),
        schema: {
          passkey: {
            modelName: 'auth_passkey',
            fields: columns(
              ...(['name', 'publicKey', 'userId', 'credentialID', 'counter', 'deviceType', 'backedUp'] as const),
              ...(['transports', 'createdAt', 'aaguid'] as const),
            ),
          },
        },
      }),
      ...(mode.github && fetch
        ? [genericOAuth({ config: [gitHubProvider(mode.github, fetch, { open: registration === 'open' })] })]
        : []),
      { ...ours, hooks: { before: codesOnce(db) } },
    ],
  } as const satisfies BetterAuthOptions
}

const noTokens = {
  accessToken: null,
  refreshToken: null,
  idToken: null,
  accessTokenExpiresAt: null,
  refreshTokenExpiresAt: null,
}

/**
 * Opens a session for somebody who is known by a way of ours (a link, a set-up). With `challenge`, and a second factor set up, as after
 * a password: a cookie instead, with which `verifyTOTP` opens it.
 */
const ours = {
  id: 'cloister',
  endpoints: {
    logInAs: createAuthEndpoint.serverOnly(
      { method: 'POST', body: z.object({ userId: z.string(), challenge: z.boolean() }) },
      async ctx => {
        const { internalAdapter, secret, createAuthCookie } = ctx.context
        const user = await internalAdapter.findUserById(ctx.body.userId)
        if (!user) throw new Error('there is no such user')
        if (!ctx.body.challenge) {
          const session = await internalAdapter.createSession(user.id)
          await setSessionCookie(ctx, { session, user })
          return ctx.json({ secondFactor: false })
        }
        const cookie = createAuthCookie('two_factor', { maxAge: patience })
        const identifier = `2fa-${crypto.randomUUID()}`
        const expiresAt = new Date(Date.now() + patience * 1000)
        await internalAdapter.createVerificationValue({ value: user.id, identifier, expiresAt })
        await internalAdapter.createVerificationValue({
          value: '0',
          identifier: `2fa-attempts-${identifier}`,
          expiresAt,
        })
        await ctx.setSignedCookie(cookie.name, identifier, secret, cookie.attributes)
        return ctx.json({ secondFactor: true })
      },
    ),
  },
} satisfies BetterAuthPlugin

export async function createBetterAuth(deps: BetterAuthDependencies) {
  const options = optionsOf(deps)
  // As on SQLite on either engine: times are text and truth is 0 and 1 everywhere, and a backup of one goes into the other.
  const database = { db: deps.db, type: 'sqlite', transaction: true } as const
  const adapter = await getAdapter({ ...options, database })
  return betterAuth({ ...options, database: () => withHashedSessions(adapter) })
}

export type BetterAuth = Awaited<ReturnType<typeof createBetterAuth>>
