/** Everybody with an account, for who operates the installation: through the server that runs, else in the database itself. */
import type { ApiUser } from '../../shared/api/user.ts'
import { AppError, toAppError } from '../../shared/errors.ts'
import type { Accounts } from '../auth/accounts.ts'
import { demandServerMode } from '../config-auth.ts'
import type { Context } from '../context.ts'
import { findPlace, type Place } from '../library.ts'
import { usageError } from '../present.ts'
import { table } from '../table.ts'
import { safe } from '../text.ts'

type Role = ApiUser['role']

interface Users {
  list(): Promise<ApiUser[]>
  invite(email: string, role: Role): Promise<string | null>
  resetPassword(userId: string): Promise<string | null>
  setRole(userId: string, role: Role): Promise<ApiUser>
}

const roles: readonly Role[] = ['owner', 'admin', 'member']

/** Throws what `demandServerMode` throws, and `accounts-off` in local mode. */
async function withUsers<T>(context: Context, run: (users: Users) => Promise<T>): Promise<T> {
  const config = context.config()
  const { language } = context.translate
  const mode = demandServerMode(config.auth, '127.0.0.1')
  if (!mode) throw new AppError('accounts-off')
  const place: Place = config.database ? {} : await findPlace(config.dataDirectory, context.signal)
  if (place.server) {
    const { connect } = await import('../remote.ts')
    const { users } = connect(place.server, language).client
    return run({
      list: async () => (await users.list()).users,
      invite: async (email, role) => (await users.invite({ email, role, language })).link,
      resetPassword: async userId => (await users.resetPassword({ userId })).link,
      setRole: (userId, role) => users.update({ userId, role }),
    })
  }
  try {
    const [{ openCore }, { openAccounts }] = await Promise.all([
      import('../compose.ts'),
      import('../compose-accounts.ts'),
    ])
    const log = context.log()
    const { core, database, egress, close } = await openCore({ config, log })
    const accounts = openAccounts({ mode, core, database, egress, log })
    try {
      return await run(inDatabase(accounts, language))
    } catch (error) {
      throw toAppError(error)
    } finally {
      await accounts.close()
      await close()
    }
  } finally {
    place.lock?.release()
  }
}

function inDatabase({ people, registration, credentials }: Accounts, language: 'de' | 'en'): Users {
  const by = async () => ({ userId: (await people.firstOwner()) ?? '', role: 'owner', via: 'token' }) as const
  return {
    list: people.list,
    invite: async (email, role) => (await registration.invite(await by(), { email, role, language })).link,
    resetPassword: credentials.resetLink,
    setRole: async (userId, role) => people.administer(await by(), userId, { role }),
  }
}

/** Throws `account-not-found`. */
async function find(users: Users, email: string): Promise<ApiUser> {
  const wanted = email.trim().toLowerCase()
  const found = (await users.list()).find(one => one.email === wanted || one.id === wanted)
  if (!found) throw new AppError('account-not-found', { name: email })
  return found
}

function roleOf({ translate }: Context, given: string): Role {
  const role = roles.find(one => one === given)
  if (!role) throw usageError(translate('cli.usage.role'))
  return role
}

export async function listUsers(context: Context): Promise<void> {
  const { terminal, translate } = context
  const all = await withUsers(context, users => users.list())
  if (context.json) return terminal.json({ users: all })
  const head = (['email', 'role', 'name', 'id'] as const).map(name => translate(`cli.users.${name}`))
  const rows = all.map(({ email, role, name, id }) => [safe(email), role, safe(name), id])
  for (const line of table(terminal, head, rows)) terminal.out(line)
}

/** The link, where no mail goes out, is said here and nowhere else. */
function tellLink({ terminal, translate, json }: Context, email: string, link: string | null): void {
  if (json) terminal.json({ email, link })
  else if (link === null) terminal.out(translate('cli.users.mailed', { email: safe(email) }))
  else terminal.out(translate('cli.users.link', { email: safe(email), link }))
}

export async function inviteUser(context: Context, email: string, options: { role: string }): Promise<void> {
  const role = roleOf(context, options.role)
  const address = email.trim().toLowerCase()
  if (!/^[^@\s]+@[^@\s]+\.[^@\s]+$/.test(address)) throw usageError(context.translate('cli.usage.email'))
  tellLink(context, address, await withUsers(context, users => users.invite(address, role)))
}

export async function resetUserPassword(context: Context, email: string): Promise<void> {
  const link = await withUsers(context, async users => users.resetPassword((await find(users, email)).id))
  tellLink(context, email, link)
}

export async function setUserRole(context: Context, email: string, given: string): Promise<void> {
  const role = roleOf(context, given)
  const changed = await withUsers(context, async users => users.setRole((await find(users, email)).id, role))
  if (context.json) context.terminal.json({ user: changed })
  else context.terminal.out(context.translate('cli.users.changed', { email: safe(changed.email), role: changed.role }))
}
