/** Accounts of a server: the one door to all that is in this folder. */
import type { SignInOptions } from '../../shared/api/account.ts'
import type { Core } from '../../shared/core.ts'
import type { Clock, Database, Ids, Log } from '../../shared/ports.ts'
import { connect } from '../../shared/store/connection.ts'
import type { Tx } from '../../shared/store/schema.ts'
import type { ServerMode } from '../config-auth.ts'
import type { Identity } from '../http/identity.ts'
import { type ApiKeys, createApiKeys, keyPrefix } from './api-keys.ts'
import { type BetterAuth, basePath, cookiePrefix, createBetterAuth } from './better-auth.ts'
import { type Credentials, createCredentials } from './credentials.ts'
import { createDeparture, type Departure } from './departure.ts'
import type { Fetch } from './github.ts'
import { createLinks } from './links.ts'
import { createPasswords, longest, type Passwords, shortest } from './passwords.ts'
import { createPeople, type Language, type People } from './people.ts'
import { createPost, type Queueing } from './post.ts'
import { createRegistration, type Registration } from './registration.ts'
import { createSameBrowser } from './same-browser.ts'
import { createSessions, type Sessions } from './sessions.ts'
import { createSignIn, type SignIn } from './sign-in.ts'
import { createTellAccess } from './tell-access.ts'
import { createTries, type Tries } from './tries.ts'
import { createTurns } from './turns.ts'
import { sweepUnconfirmed } from './unconfirmed.ts'
import { createWays } from './ways.ts'

export interface AccountsDependencies {
  mode: ServerMode
  database: Database
  clock: Clock
  ids: Ids
  log: Log
  /** Where mails can be sent. */
  mails?: Queueing | undefined
  /** To GitHub. */
  fetch?: Fetch | undefined
  /** Gives what one user has to the one that `within` makes, all in one transaction. */
  adopt: (from: string, within: (tx: Tx) => Promise<string>) => Promise<void>
  /** Removes a user with all that is theirs. */
  erase: Core['erase']
  /** Who is let in as somebody, or as what, may have changed. */
  changed?: (userId: string) => void
  /** Slows down who tries passwords; without it, in this process alone. */
  tries?: Tries
  /** For tests. */
  passwords?: Passwords
}

export interface Accounts {
  readonly publicUrl: string
  /** By the cookie or the key that a request brings. `looking`: as `Sessions.find`. */
  identify(
    request: { cookie: string | undefined; bearer: string | undefined },
    looking?: 'looking',
  ): Promise<Identity | undefined>
  options(): Promise<SignInOptions>
  people: People
  sessions: Sessions
  keys: ApiKeys
  registration: Registration
  signIn: SignIn
  credentials: Credentials
  departure: Departure
  /** The address that somebody is invited by: where mails can be sent, one that is proven. */
  addressOf(userId: string): Promise<string | undefined>
  /** Tells an address that somebody was asked into a project; the mail is the same whether it has an account. */
  tellInvited(by: string, to: string, language: Language): Promise<void>
  /** The answer to a browser that GitHub sent back. */
  gitHubCallback(request: Request): Promise<Response | 'blocked'>
  /** Where GitHub sends it. */
  readonly callbackPath: string
  /** Takes away what has ended. */
  sweep(): Promise<void>
  close(): Promise<void>
}

export function createAccounts(deps: AccountsDependencies): Accounts {
  const { mode, database, clock, ids, log, adopt, fetch } = deps
  const { publicUrl, secret, registration: policy, linkAge } = mode
  const changed = (userId: string) => deps.changed?.(userId)
  const telling = createTellAccess(connect(database), changed)
  const post = createPost(telling.connection, deps.mails, log)
  const { connection } = post
  const turns = createTurns()
  const passwords = deps.passwords ?? createPasswords(turns)
  const tries = deps.tries ?? createTries({ clock })
  const prefix = cookiePrefix(publicUrl)
  const sessions = tellingSessions(createSessions({ connection, secret, prefix, clock, log }))
  const links = createLinks({ connection, clock, ids })
  const plainPeople = createPeople({ connection, clock, ids, sessions })
  const people: People = {
    ...plainPeople,
    async administer(by, id, ...asked) {
      const after = await plainPeople.administer(by, id, ...asked)
      changed(id)
      return after
    },
  }
  const plainKeys = createApiKeys({ connection, clock, ids, log })
  const keys: ApiKeys = {
    ...plainKeys,
    async remove(userId, id) {
      await plainKeys.remove(userId, id)
      changed(userId)
    },
  }
  const github = mode.github !== undefined && fetch !== undefined

  let made: Promise<BetterAuth> | undefined
  const better = () => {
    made ??= createBetterAuth({
      db: connection.write('internal'),
      mode,
      passwords,
      mail: post.on,
      nextId: () => ids.next(),
      log: (level, message) => log[level]('better-auth', { message }),
      fetch,
      onGitHub: (...added) => credentials.gitHubAdded(...added),
    })
    return made
  }

  const ways = createWays({ sessions, clock })
  const shared = { connection, clock, people, links, turns, ways, post, publicUrl }
  const registrant = createSameBrowser({ name: `${prefix}.registrant`, publicUrl })
  const registration = createRegistration({ ...shared, ids, log, passwords, registrant, policy, adopt })
  const { confirmAgain } = registration
  const both = { ...shared, better, sessions, tries }
  const credentials = createCredentials({ ...both, passwords, keys })
  const { demandPassword, demandProof, tell } = credentials
  const { hold } = sessions

  function tellingSessions(plain: Sessions): Sessions {
    return {
      ...plain,
      async end(userId, sessionId) {
        const ended = await plain.end(userId, sessionId)
        if (ended) changed(userId)
        return ended
      },
      async endAll(tx, userId, except) {
        await plain.endAll(tx, userId, except)
        telling.touch(tx, userId)
      },
    }
  }

  return {
    publicUrl,
    async identify({ cookie, bearer }, looking) {
      if (bearer !== undefined) {
        const key = bearer.startsWith(keyPrefix) ? await keys.find(bearer, looking) : undefined
        return key && { ...key, via: 'key' }
      }
      const session = await sessions.find(cookie, looking)
      return session && { ...session, via: 'session' }
    },
    options: async () => ({
      mode: 'server',
      setUp: await people.hasOwner(),
      registration: policy,
      mail: post.on,
      github,
      passkeys: true,
      passwordLength: { min: shortest, max: longest },
    }),
    people,
    sessions,
    keys,
    registration,
    signIn: createSignIn({ ...both, prefix, linkAge, github, confirmAgain, demandProof, tell }),
    credentials,
    departure: createDeparture({
      connection,
      clock,
      people,
      touch: telling.touch,
      hold,
      demandPassword,
      demandProof,
      erase: deps.erase,
    }),
    async addressOf(userId) {
      const person = await people.byId(userId)
      return person && (person.email_verified !== 0 || !post.on) ? person.email : undefined
    },
    async tellInvited(by, to, language) {
      // Not a name, which is whatever somebody called themselves.
      const inviter = (await people.byId(by))?.email ?? 'Cloister'
      const values = { link: `${publicUrl}/`, inviter }
      const mail = { kind: 'project-invitation', to, language, values } as const
      // The invitation is there already, and is not asked for again.
      await connection
        .transaction('internal', tx => post.send(tx, mail))
        .catch(error => log.error('a mail was not sent', { kind: mail.kind, error }))
    },
    callbackPath: `${basePath}/callback/github`,
    async gitHubCallback(request) {
      const answer = await (await better()).handler(request)
      const opened = answer.headers.getSetCookie().map(line => line.split(';', 1)[0])
      return (await sessions.endBlocked(opened.join('; '))) ? 'blocked' : answer
    },
    async sweep() {
      await sessions.sweep()
      await links.sweep()
      const unconfirmed = post.on ? await sweepUnconfirmed({ connection, clock }) : 0
      if (unconfirmed > 0) log.info('accounts that were never confirmed are gone', { count: unconfirmed })
    },
    async close() {
      connection.close()
    },
  }
}
