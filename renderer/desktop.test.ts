import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { DesktopBridge, ShownServer } from '../shared/api/desktop.ts'
import { answered, connectDesktop, tellUploads, untilOpen } from './desktop.ts'
import { createStore } from './store.ts'

describe('what main answers', () => {
  it('is a value, or thrown as what it says is wrong', async () => {
    expect(await answered(Promise.resolve({ ok: true, value: 1 }))).toBe(1)
    const refused = answered(Promise.resolve({ ok: false, reason: { code: 'folder-missing', values: { name: 'a' } } }))
    await expect(refused).rejects.toMatchObject({ code: 'folder-missing', values: { name: 'a' } })
  })
})

describe('what was handed over', () => {
  it('is dropped when it comes after all was left, and what comes later is not', async () => {
    const file = (name: string) => ({ id: name, name, size: 1 })
    const answers: ((files: readonly object[]) => void)[] = []
    const left: unknown[] = []
    let hear: (message: { type: 'handed' }) => void = () => {}
    const bridge = {
      start: async () => ({ ok: true, value: { quick: false } }),
      getKey: async () => ({ ok: true, value: null }),
      takeHanded: () => new Promise(resolve => answers.push(files => resolve({ ok: true, value: { files } }))),
      leaveHanded: async (input: unknown) => void left.push(input),
      listen(listener: typeof hear) {
        hear = listener
      },
    } as unknown as DesktopBridge
    const page = { addEventListener() {} } as unknown as Document
    const desktop = await connectDesktop(bridge, { document: page, go() {} })
    desktop?.leaveHanded()
    answers[0]?.([file('vorher')])
    await vi.waitFor(() => expect(answers).toHaveLength(2))
    expect([desktop?.handed.get(), left]).toEqual([[], [{ all: true }]])
    hear({ type: 'handed' })
    answers[1]?.([file('nachher')])
    await vi.waitFor(() => expect(desktop?.handed.get()).toEqual([file('nachher')]))
  })
})

describe('what is read', () => {
  const open = () => {
    const server = createStore<ShownServer>({ name: 'stopped', safe: { reason: null } })
    const control = new AbortController()
    let ended = ''
    const reading = untilOpen({ server }, control.signal).then(
      () => (ended = 'open'),
      (error: Error) => (ended = error.name),
    )
    return { server, control, reading, ended: () => ended }
  }

  it('waits until the library is open, or about to be', async () => {
    const { server, reading, ended } = open()
    server.set({ name: 'stopped', alone: { doing: 'checking', part: null } })
    server.set({ name: 'failed', reason: { code: 'disk-full' } })
    await Promise.resolve()
    expect(ended()).toBe('')
    server.set({ name: 'starting', attempt: 0, doing: 'opening', late: false })
    expect(await reading).toBe('open')
    for (const name of ['ready', 'silent'] as const)
      await untilOpen({ server: createStore<ShownServer>({ name }) }, new AbortController().signal)
  })

  it('waits no longer than whoever reads it', async () => {
    const { control, reading } = open()
    control.abort()
    expect(await reading).toBe('AbortError')
    const { server } = open()
    await expect(untilOpen({ server }, AbortSignal.abort())).rejects.toMatchObject({ name: 'AbortError' })
  })
})

describe('uploads', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it('are told of at most once a second, and when there are none any more', async () => {
    const told: number[] = []
    let open = 0
    let changed = () => {}
    const bridge = { tellUploads: ({ count }: { count: number }) => told.push(count) } as unknown as DesktopBridge
    tellUploads(
      bridge,
      () => open,
      hear => {
        changed = hear
      },
    )
    for (const count of [1, 2, 3]) {
      open = count
      changed()
    }
    await vi.advanceTimersByTimeAsync(10)
    expect(told).toEqual([3])
    for (const count of [2, 1, 0]) {
      open = count
      changed()
    }
    await vi.advanceTimersByTimeAsync(10)
    expect(told).toEqual([3])
    await vi.advanceTimersByTimeAsync(1000)
    expect(told).toEqual([3, 0])
    changed()
    await vi.advanceTimersByTimeAsync(3000)
    expect(told).toEqual([3, 0])
  })
})
