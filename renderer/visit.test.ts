import { describe, expect, it } from 'vitest'
import type { Account, SignInOptions } from '../shared/api/account.ts'
import { ApiError } from '../shared/api/api-error.ts'
import type { Client } from '../shared/api/client.ts'
import type { App } from './app-context.ts'
import type { Stage } from './screen.tsx'
import { createStore } from './store.ts'
import { createVisit } from './visit.ts'

const serverOptions: SignInOptions = {
  mode: 'server',
  setUp: true,
  registration: 'invite',
  mail: true,
  github: false,
  passkeys: true,
  passwordLength: { min: 8, max: 128 },
}
const refusal = () => new ApiError({ code: 'unauthorized', status: 401 })

/** A server that knows whoever `who` names, and nobody when it is null. */
function open({ mode = 'server' as 'local' | 'server', who = null as string | null } = {}) {
  const state = { who, opened: [] as string[], composed: [] as App[], followed: 0, left: 0, went: [] as string[] }
  const known = () => {
    if (state.who === null) throw refusal()
    return state.who
  }
  const client = {
    auth: {
      options: async () => ({ ...serverOptions, mode }),
      me: async () => ({ account: { id: known(), email: `${state.who}@example.org` } as Account }),
    },
    session: {
      async get() {
        known()
        return { version: '1' }
      },
      async open({ token }: { token: string }) {
        state.opened.push(token)
        if (token !== 'right') throw refusal()
        state.who = 'local'
        return { version: '1' }
      },
    },
    settings: { get: async () => ({ projectId: null }) },
  } as unknown as Client
  const stage = createStore<Stage>({ name: 'starting' })
  let refused = () => {}
  const visit = createVisit({
    client,
    preferences: { adopt: async () => {} },
    stage,
    compose({ account, options }) {
      const app = {
        options,
        account: createStore(account),
        passwords: new Map([['document', 'secret']]),
        drafts: new Map(),
        queries: { invalidateQueries: async () => {} },
        router: { go: (view: string) => state.went.push(view) },
      } as unknown as App
      state.composed.push(app)
      return app
    },
    follow(_, tell) {
      state.followed += 1
      refused = tell
      return () => {
        state.left += 1
      }
    },
  })
  return { state, stage, visit, refused: () => refused() }
}

const doorOf = (stage: Stage) => {
  if (stage.name !== 'sign-in') throw new Error(`not before the door, but ${stage.name}`)
  return stage
}

describe('a visit to a server with accounts', () => {
  it('goes inside where the browser is known, and to the door where it is not', async () => {
    const known = open({ who: 'anna' })
    await known.visit.begin(null, null)
    expect(known.stage.get()).toMatchObject({ name: 'inside' })
    const stranger = open()
    await stranger.visit.begin(null, 'access_denied')
    expect(doorOf(stranger.stage.get()).visitor).toMatchObject({
      arrival: null,
      refusal: 'access_denied',
      before: null,
    })
  })

  it('shows what the address was made for first, and opens nothing by itself', async () => {
    const { visit, stage, state } = open({ who: 'anna' })
    await visit.begin({ kind: 'login', token: 'x' }, null)
    expect(doorOf(stage.get()).visitor.arrival).toEqual({ kind: 'login', token: 'x' })
    expect(state.opened).toEqual([])
    // Another link in the same window begins anew.
    const first = doorOf(stage.get()).door
    await visit.begin({ kind: 'reset', token: 'y' }, null)
    expect(doorOf(stage.get()).door).not.toBe(first)
  })

  it('keeps what was written for whoever comes back after the session ended', async () => {
    const { visit, stage, state, refused } = open({ who: 'anna' })
    await visit.begin(null, null)
    const [app] = state.composed
    app?.drafts.set('ask', 'How often')
    state.who = null
    refused()
    const door = doorOf(stage.get())
    expect(door.visitor.before?.id).toBe('anna')
    expect(state.left).toBe(1)
    expect(app?.passwords.size).toBe(0)
    // Heard by several requests at once.
    visit.refused()
    expect(doorOf(stage.get()).door).toBe(door.door)
    state.who = 'anna'
    await door.enter()
    expect(stage.get()).toMatchObject({ name: 'inside', app })
    expect(state).toMatchObject({ followed: 2, went: [] })
    expect(app?.drafts.get('ask')).toBe('How often')
  })

  it('keeps nothing of it for somebody else', async () => {
    const { visit, stage, state, refused } = open({ who: 'anna' })
    await visit.begin(null, null)
    refused()
    state.who = 'ben'
    await doorOf(stage.get()).enter()
    expect(state.composed).toHaveLength(2)
    expect(stage.get()).toMatchObject({ name: 'inside', app: state.composed[1] })
    expect(state.went).toEqual(['ask'])
  })

  it('tells who signs in why that failed', async () => {
    const { visit, stage } = open()
    await visit.begin(null, null)
    await expect(doorOf(stage.get()).enter()).rejects.toThrow(ApiError)
    expect(stage.get().name).toBe('sign-in')
  })
})

describe('a visit to a machine of one’s own', () => {
  it('takes the key of the address', async () => {
    const { visit, stage, state } = open({ mode: 'local' })
    await visit.begin({ kind: 'token', token: 'right' }, null)
    expect(state.opened).toEqual(['right'])
    expect(stage.get()).toMatchObject({ name: 'inside' })
  })

  it('says that a key is wrong, and that there is none', async () => {
    const { visit, stage } = open({ mode: 'local' })
    await visit.begin({ kind: 'token', token: 'old' }, null)
    expect(stage.get()).toEqual({ name: 'outside', wrong: true })
    await visit.begin(null, null)
    expect(stage.get()).toEqual({ name: 'outside', wrong: false })
    // There are no accounts whose password could be set.
    await visit.begin({ kind: 'reset', token: 'x' }, null)
    expect(stage.get()).toEqual({ name: 'outside', wrong: false })
  })
})
