/** What was registered and never confirmed does not hold its address for ever. */
import { afterEach, describe, expect, it } from 'vitest'
import { engines } from '../postgres.ts'
import { type AccountServer, goodPassword, openAccountServer } from './open-accounts.ts'

const day = 86_400_000

describe.each(engines)('on $name', engine => {
  let server: AccountServer
  afterEach(() => server?.stop())

  const addresses = async () =>
    (await server.accounts.people.list()).map(({ email }) => email.split('@')[0]).sort((a, b) => a.localeCompare(b))
  const register = async (name: string) => {
    const one = server.browser()
    await one.client.auth.register({ email: `${name}@cloister.test`, password: goodPassword })
    return one
  }

  it('goes after seven days, where nothing is there that anybody would miss', async () => {
    server = await openAccountServer({ engine })
    await server.setUp()
    await server.member('invited@cloister.test')
    for (const name of ['forgotten', 'asked-again', 'blocked', 'limited']) await register(name)
    const confirmed = await register('confirmed')
    await confirmed.client.auth.verifyEmail({ token: await server.tokenFor('confirmed@cloister.test', 'verify') })
    const idOf = async (name: string) =>
      (await server.accounts.people.byEmail(`${name}@cloister.test`))?.id ?? expect.fail(`${name} is not there`)
    const by = { userId: await idOf('owner'), role: 'owner', via: 'token' } as const
    await server.accounts.people.administer(by, await idOf('blocked'), { blocked: true })
    await server.core.quotas.set(await idOf('limited'), { questions: 5 })
    const all = ['asked-again', 'blocked', 'confirmed', 'forgotten', 'invited', 'limited', 'owner']

    server.clock.ahead = 6.9 * day
    await server.accounts.sweep()
    expect(await addresses()).toEqual(all)

    // Which sends another link, good for a day.
    const asked = { email: 'asked-again@cloister.test', password: goodPassword }
    await expect(server.browser().client.auth.logIn(asked)).rejects.toMatchObject({ code: 'email-unverified' })
    server.clock.ahead = 7.1 * day
    await server.accounts.sweep()
    expect(await addresses()).toEqual(all.filter(name => name !== 'forgotten'))

    server.clock.ahead = 9 * day
    await server.accounts.sweep()
    expect(await addresses()).toEqual(['blocked', 'confirmed', 'invited', 'limited', 'owner'])

    // Sessions are made by the machine's own clock.
    server.clock.ahead = 0
    const again = await register('forgotten')
    await again.client.auth.verifyEmail({ token: await server.tokenFor('forgotten@cloister.test', 'verify') })
    await again.client.auth.logIn({ email: 'forgotten@cloister.test', password: goodPassword })
    expect((await again.client.projects.list({})).projects).toHaveLength(1)
  })

  it('stays where no mail is sent, by which it could be confirmed', async () => {
    server = await openAccountServer({ engine, mail: false })
    await server.setUp()
    await register('without-mail')
    server.clock.ahead = 30 * day
    await server.accounts.sweep()
    expect(await addresses()).toEqual(['owner', 'without-mail'])
  })
})
