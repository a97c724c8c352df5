/** What is the user's own and in no project: the session, settings, the ledger. */
import type { Session } from '../../../shared/api/index.ts'
import type { Core } from '../../../shared/core.ts'
import type { Accounts } from '../../auth/accounts.ts'
import { toApiEntry, toFilter } from '../../ledger-lines.ts'
import { seesInstallation } from '../identity.ts'
import { pagingOf } from '../shapes.ts'
import { elsewhere, type Gates, os } from './gates.ts'

export function sessionRoutes(
  { session, accounts }: { session: Session; accounts?: Accounts | undefined },
  { asUser }: Gates,
) {
  return {
    open: os.session.open.handler(({ input, context }) => {
      context.identify(input.token)
      return session
    }),
    get: os.session.get.use(asUser).handler(() => session),
    close: os.session.close.use(asUser).handler(async ({ context }) => {
      // With accounts there is more than a cookie to take away.
      if (accounts) await accounts.signIn.logOut(context.visit)
      else context.identify(undefined)
      return undefined
    }),
  }
}

export function ledgerRoutes({ core }: { core: Core }, { asUser }: Gates) {
  return {
    list: os.ledger.list.use(asUser).handler(async ({ input, context: { who, userId } }) => {
      const filter = { ...toFilter(input), ...pagingOf(input), installation: seesInstallation(who) }
      const { entries, next } = await core.ledger.page(userId, filter)
      return { entries: entries.map(toApiEntry), next }
    }),
    sums: os.ledger.sums.use(asUser).handler(async ({ input, context: { who, userId } }) => ({
      sums: await core.ledger.sums(userId, { ...toFilter(input), installation: seesInstallation(who) }),
    })),
    export: os.ledger.export.use(asUser).handler(elsewhere),
  }
}

export function ownRoutes({ core }: { core: Core }, { asUser }: Gates) {
  return {
    export: os.own.export.use(asUser).handler(elsewhere),
    leftChats: os.own.leftChats.use(asUser).handler(async ({ context: { userId } }) => {
      const left = (await core.chats.left.list(userId)).filter(({ deletedAt }) => deletedAt === null)
      return { chats: left.map(({ id, title, createdAt }) => ({ id, title, createdAt })) }
    }),
    deleteLeftChat: os.own.deleteLeftChat.use(asUser).handler(async ({ input, context: { userId } }) => {
      await core.chats.left.purge(userId, input.chatId)
      return undefined
    }),
  }
}

export function settingRoutes({ core }: { core: Core }, { asUser }: Gates) {
  return {
    get: os.settings.get.use(asUser).handler(({ context: { userId } }) => core.settings.get(userId)),
    update: os.settings.update.use(asUser).handler(async ({ input, context: { userId } }) => {
      const settings = await core.settings.update(userId, input)
      core.announce({ type: 'settings', userId })
      return settings
    }),
  }
}
