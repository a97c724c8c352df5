/** A server with accounts, whose mails are caught, and browsers with cookies of their own. */
import { v7 } from 'uuid'
import { type Accounts, type AccountsDependencies, createAccounts } from '../../server/auth/accounts.ts'
import type { ServerMode } from '../../server/config-auth.ts'
import { type Client, createClient } from '../../shared/api/client.ts'
import { contract } from '../../shared/api/index.ts'
import type { MailKind, MailRequest } from '../../shared/model/index.ts'
import { silent } from '../open-store.ts'
import { until } from '../until.ts'
import { openTestServer, type TestServer, type TestServerOptions } from './open-server.ts'

export const publicUrl = 'https://cloister.test'
export const goodPassword = 'vier alte Kühe am Bach'

export interface Browser {
  client: Client
  cookies: Map<string, string>
  fetch(path: string, init?: RequestInit): Promise<Response>
}

export interface AccountServer extends TestServer {
  accounts: Accounts
  mails: MailRequest[]
  clock: { now(): number; ahead: number }
  browser(): Browser
  /** With an API key, or another token. */
  withKey(key: string): Client
  /** The token behind the `#` of the link of the last mail of this kind to somebody. */
  tokenFor(to: string, kind: MailKind): Promise<string>
  /** The first owner, logged in. */
  setUp(email?: string): Promise<Browser>
  /** Somebody with an account, logged in. */
  member(email: string, role?: 'member' | 'admin' | 'owner'): Promise<Browser>
}

export type AccountServerOptions = Partial<ServerMode> &
  Pick<TestServerOptions, 'chat' | 'edge' | 'engine' | 'parsers' | 'settings'> & {
    mail?: boolean
    /** Real ones take a quarter of a second. */
    passwords?: AccountsDependencies['passwords'] | 'real'
    fetch?: AccountsDependencies['fetch']
  }

export const quickPasswords = {
  hash: async (password: string) => `plain ${password}`,
  verify: async (hash: string, password: string) => hash === `plain ${password}`,
}

export async function openAccountServer(options: AccountServerOptions = {}): Promise<AccountServer> {
  const {
    chat,
    edge,
    engine,
    parsers,
    settings,
    mail = true,
    passwords = quickPasswords,
    fetch: toGitHub,
    ...mode
  } = options
  const mails: MailRequest[] = []
  const clock = { ahead: 0, now: () => Date.now() + clock.ahead }
  let accounts: Accounts | undefined
  const server = await openTestServer({
    ...(engine && { engine }),
    ...(parsers && { parsers }),
    ...(chat && { chat }),
    ...(edge && { edge }),
    ...(settings && { settings }),
    accounts(test) {
      accounts = createAccounts({
        mode: {
          publicUrl,
          secret: 'of a test, and long enough for it',
          registration: 'open',
          linkAge: 15 * 60_000,
          sessionAge: 30 * 24 * 3_600_000,
          ...mode,
        },
        database: test.database,
        clock,
        ids: { next: () => v7() },
        log: silent,
        adopt: (from, within) => test.core.adopt(from, within),
        erase: (...asked) => test.core.erase(...asked),
        changed: userId => test.core.announce({ type: 'access', userId }),
        ...(passwords !== 'real' && { passwords }),
        ...(toGitHub && { fetch: toGitHub }),
        ...(mail && {
          mails: {
            prepare: async (request, how) => async () => {
              if (!how?.nobody) mails.push(request)
            },
            wake() {},
          },
        }),
      })
      return accounts
    },
  })
  const opened = accounts as Accounts

  function browser(): Browser {
    const cookies = new Map<string, string>()
    const ask = async (request: Request | string, init?: RequestInit) => {
      const asked = new Request(typeof request === 'string' ? server.url + request : request, init)
      const headers = new Headers(asked.headers)
      if (cookies.size > 0) headers.set('cookie', [...cookies].map(([name, value]) => `${name}=${value}`).join('; '))
      const response = await fetch(new Request(asked, { headers, redirect: 'manual' }))
      for (const line of response.headers.getSetCookie()) {
        const [, name, value] = /^([^=]+)=([^;]*)/.exec(line) as unknown as [string, string, string]
        if (/max-age=0\b/i.test(line)) cookies.delete(name)
        else cookies.set(name, value)
      }
      return response
    }
    const client = createClient({ routes: contract, url: server.url, language: () => 'en', fetch: ask })
    return { client, cookies, fetch: ask }
  }

  const made: AccountServer = Object.assign(server, {
    accounts: opened,
    mails,
    clock,
    browser,
    withKey: (key: string) => createClient({ routes: contract, url: server.url, token: key, language: () => 'en' }),
    async tokenFor(to: string, kind: MailKind) {
      const find = () => mails.findLast(one => one.to === to && one.kind === kind)
      await until(async () => find() !== undefined, `the mail ${kind} to ${to}`)
      return tokenOf((find() as { values: { link: string } }).values.link)
    },
    async setUp(email = 'owner@cloister.test') {
      const link = await opened.registration.setUpLink()
      const owner = browser()
      await owner.client.auth.redeemSetUp({ token: tokenOf(link ?? ''), email, password: goodPassword })
      return owner
    },
    async member(email: string, role: 'member' | 'admin' | 'owner' = 'member') {
      const by = { userId: (await opened.people.firstOwner()) ?? '', role: 'owner', via: 'token' } as const
      const { link } = await opened.registration.invite(by, { email, role, language: 'en' })
      const invitation = link ? tokenOf(link) : await made.tokenFor(email, 'invitation')
      const one = browser()
      await one.client.auth.register({ email, password: goodPassword, invitation })
      await one.client.auth.logIn({ email, password: goodPassword })
      return one
    },
  })
  return made
}

export const tokenOf = (link: string): string => link.split(/#[a-z]+=/)[1] ?? ''
