import { oc } from '@orpc/contract'
import { z } from 'zod'
import { id, time } from './common.ts'

export const role = z.enum(['owner', 'admin', 'member'])
/** `read`: look and search; `ask`: questions too; `write`: documents, assistants, chats; `admin`: the installation. */
export const keyScope = z.enum(['read', 'ask', 'write', 'admin'])
const language = z.enum(['de', 'en'])
const email = z.string().trim().toLowerCase().max(254).pipe(z.email())
/** The core says how long it must be. */
const password = z.string().min(1).max(1000)
const token = z.string().min(1).max(200)
const name = z.string().trim().min(1).max(100)
const nothing = z.undefined()

export const account = z.object({
  id: z.string(),
  email: z.string().nullable().describe('Null in local mode'),
  name: z.string(),
  role,
  language: language.nullable(),
  emailVerified: z.boolean(),
  secondFactor: z.boolean().describe('Whether a password alone does not do'),
  password: z.boolean().describe('Whether there is one'),
  github: z.boolean(),
})

/** What is on here; nobody must be logged in to ask. */
export const signInOptions = z.object({
  mode: z.enum(['local', 'server']).describe('`local`: one user, and none of this'),
  setUp: z.boolean().describe('Whether there is an owner; the first one is made by the link that the server printed'),
  registration: z.enum(['invite', 'open', 'closed']),
  mail: z.boolean().describe('Without it there are no links to log in, to confirm an address, or to reset a password'),
  github: z.boolean(),
  passkeys: z.boolean(),
  passwordLength: z.object({ min: z.number().int(), max: z.number().int() }),
})

/** Either logged in, or a code is asked for before that. */
const loggedIn = z.discriminatedUnion('state', [
  z.object({ state: z.literal('logged-in'), account }),
  z.object({ state: z.literal('second-factor') }).describe('Now `POST /auth/second-factor`'),
])

const count = z.number().int()
/** What is gone. */
export const erasedAccount = z.object({
  at: time,
  backupsUntil: time
    .nullable()
    .describe(
      'When the last backup that may hold it makes room for a newer one; null: this server makes none by itself',
    ),
  removed: z.object({
    projects: count,
    documents: count,
    bytes: count.describe('Of the documents'),
    passages: count,
    assistants: count,
    chats: count.describe('Also those in projects of others'),
    messages: count,
    memberships: count,
    providers: count,
    settings: count,
    ledgerEntries: count,
    sessions: count,
    keys: count,
    passkeys: count,
    anonymised: count.describe('Entries of the audit log, which stay and name nobody'),
  }),
})

/** As the browser’s `navigator.credentials` takes and gives them, in JSON. */
const webAuthn = z.record(z.string(), z.unknown())

const tags = ['Accounts']
const post = (path: `/${string}`, summary: string, successStatus = 200) =>
  oc.route({ method: 'POST', path: `/auth${path}`, summary, tags, successStatus })
const remove = (path: `/${string}`, summary: string) =>
  oc.route({ method: 'DELETE', path: `/auth${path}`, summary, tags, successStatus: 204 })
const get = (path: `/${string}`, summary: string) => oc.route({ method: 'GET', path: `/auth${path}`, summary, tags })

export const auth = {
  options: get('/options', 'How one can log in here').output(signInOptions),
  register: post('/register', 'Register')
    .input(
      z.object({ email, password, name: name.optional(), language: language.optional(), invitation: token.optional() }),
    )
    .output(
      z.object({
        state: z
          .enum(['registered', 'confirm'])
          .describe('`confirm`: a mail is on its way. The same whether there is such an account'),
      }),
    ),
  verifyEmail: post('/verify-email', 'Confirm an address with the token of its mail', 204)
    .input(
      z.object({
        token,
        password: password
          .optional()
          .describe('A new one, in another browser than the one where the address was registered (`verify-elsewhere`)'),
      }),
    )
    .output(nothing),
  logIn: post('/login', 'Log in with a password')
    .input(z.object({ email, password: z.string().max(1000) }))
    .output(loggedIn),
  secondFactor: post('/second-factor', 'The code of an app, or a recovery code, after the password')
    .input(
      z.object({
        code: z.string().trim().max(100),
        kind: z.enum(['totp', 'recovery']).default('totp'),
        trust: z.boolean().default(false).describe('Do not ask in this browser for 30 days'),
      }),
    )
    .output(loggedIn),
  logOut: post('/logout', 'Log out', 204).output(nothing),
  me: get('/me', 'Who is asking').output(
    z.object({ account, via: z.enum(['token', 'session', 'key']), scopes: z.array(keyScope).nullable() }),
  ),
  update: oc
    .route({ method: 'PATCH', path: '/auth/me', summary: 'Change a name or a language', tags })
    .input(z.object({ name: name.optional(), language: language.optional() }))
    .output(account),

  delete: post('/delete', 'Delete one’s account with all that is one’s own, for good')
    .input(
      z.object({
        password: z.string().max(1000).optional().describe('Where there is one'),
        confirmation: z.string().max(254).optional().describe('The account’s address, where there is no password'),
      }),
    )
    .output(erasedAccount),
  forgotPassword: post('/forgot-password', 'Send a link to reset a password, if there is such an account', 204)
    .input(z.object({ email, language: language.optional() }))
    .output(nothing),
  resetPassword: post(
    '/reset-password',
    'Set a new password with the token of that mail; ends sessions, keys, passkeys and GitHub',
    204,
  )
    .input(z.object({ token, password }))
    .output(nothing),
  changePassword: post('/password', 'Change or set one’s password; ends all other sessions', 204)
    .input(
      z.object({
        current: z.string().max(1000).optional(),
        password,
        everything: z.boolean().default(false).describe('End API keys, passkeys and GitHub too'),
      }),
    )
    .output(nothing),
  prove: post('/prove', 'Give one’s password again, for what asks for it (`proof-needed`)', 204)
    .input(z.object({ password: z.string().max(1000) }))
    .output(nothing),

  requestLink: post('/magic-link', 'Send a link to log in, if there is such an account', 204)
    .input(z.object({ email, language: language.optional() }))
    .output(nothing),
  redeemLink: post('/magic-link/redeem', 'Log in with the token of that mail')
    .input(
      z.object({
        token,
        here: z.boolean().default(false).describe('Also in another browser than the one that asked (`link-elsewhere`)'),
      }),
    )
    .output(loggedIn),

  redeemSetUp: post('/set-up', 'Make the first owner, with the token of the link that the server printed')
    .input(z.object({ token, email, password, name: name.optional(), language: language.optional() }))
    .output(loggedIn),
  readInvitation: post('/invitation', 'What an invitation says')
    .input(z.object({ token }))
    .output(z.object({ email: z.string(), role, inviter: z.string().nullable(), expiresAt: time })),

  sessions: get('/sessions', 'One’s sessions, the latest first').output(
    z.object({
      sessions: z.array(
        z.object({
          id: z.string(),
          createdAt: time,
          usedAt: time.describe('To the hour'),
          expiresAt: time,
          userAgent: z.string(),
          address: z.string().describe('Without its last part'),
          current: z.boolean(),
        }),
      ),
    }),
  ),
  endSession: remove('/sessions/{sessionId}', 'End a session')
    .input(z.object({ sessionId: id }))
    .output(nothing),
  endOtherSessions: remove('/sessions', 'End all sessions but this one').output(nothing),

  beginTotp: post('/totp', 'Begin to set up codes of an app')
    .input(z.object({ password: z.string().max(1000).optional().describe('Where there is one') }))
    .output(z.object({ uri: z.string().describe('For a QR code'), recoveryCodes: z.array(z.string()) })),
  confirmTotp: post('/totp/confirm', 'Turn codes on, with the first one', 204)
    .input(z.object({ code: z.string().trim().max(20) }))
    .output(nothing),
  newRecoveryCodes: post('/totp/recovery-codes', 'New recovery codes; the old ones end')
    .input(z.object({ password: z.string().max(1000).optional() }))
    .output(z.object({ recoveryCodes: z.array(z.string()) })),
  endTotp: post('/totp/off', 'Turn codes off', 204)
    .input(z.object({ password: z.string().max(1000).optional() }))
    .output(nothing),

  passkeys: get('/passkeys', 'One’s passkeys').output(
    z.object({
      passkeys: z.array(z.object({ id: z.string(), name: z.string().nullable(), createdAt: time.nullable() })),
    }),
  ),
  beginPasskey: post('/passkeys/begin', 'Options for `navigator.credentials.create`').output(webAuthn),
  addPasskey: post('/passkeys', 'Add the passkey that was made', 204)
    .input(z.object({ response: webAuthn, name: name.optional() }))
    .output(nothing),
  removePasskey: remove('/passkeys/{passkeyId}', 'Remove a passkey')
    .input(z.object({ passkeyId: id }))
    .output(nothing),
  beginPasskeyLogIn: post('/login/passkey/begin', 'Options for `navigator.credentials.get`').output(webAuthn),
  passkeyLogIn: post('/login/passkey', 'Log in with a passkey')
    .input(z.object({ response: webAuthn }))
    .output(loggedIn),

  beginGitHub: post('/github', 'Where to go to log in with GitHub; logged in: to add GitHub to one’s account').output(
    z.object({ url: z.string() }),
  ),
  removeGitHub: remove('/github', 'Do not log in with GitHub any more').output(nothing),

  keys: get('/keys', 'One’s API keys').output(
    z.object({
      keys: z.array(
        z.object({
          id: z.string(),
          name: z.string(),
          shown: z.string().describe('Its beginning'),
          scopes: z.array(keyScope),
          createdAt: time,
          usedAt: time.nullable(),
          expiresAt: time.nullable(),
        }),
      ),
    }),
  ),
  addKey: post('/keys', 'Make an API key', 201)
    .input(z.object({ name, scopes: z.array(keyScope).min(1).max(4), expiresAt: time.nullable().default(null) }))
    .output(z.object({ id: z.string(), key: z.string().describe('Shown this once') })),
  removeKey: remove('/keys/{keyId}', 'Take an API key back')
    .input(z.object({ keyId: id }))
    .output(nothing),
}

export type Account = z.output<typeof account>
export type ErasedAccount = z.output<typeof erasedAccount>
export type SignInOptions = z.output<typeof signInOptions>
export type KeyScope = z.output<typeof keyScope>
