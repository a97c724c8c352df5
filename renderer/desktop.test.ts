import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { DesktopBridge } from '../shared/api/desktop.ts'
import { answered, tellUploads } from './desktop.ts'

describe('what main answers', () => {
  it('is a value, or thrown as what it says is wrong', async () => {
    expect(await answered(Promise.resolve({ ok: true, value: 1 }))).toBe(1)
    const refused = answered(Promise.resolve({ ok: false, reason: { code: 'folder-missing', values: { name: 'a' } } }))
    await expect(refused).rejects.toMatchObject({ code: 'folder-missing', values: { name: 'a' } })
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
