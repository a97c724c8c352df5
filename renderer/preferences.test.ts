import { describe, expect, it } from 'vitest'
import type { Client } from '../shared/api/client.ts'
import type { Settings } from '../shared/api/setting.ts'
import { createPreferences } from './preferences.ts'

/** A server whose answers to readings and changes wait until they are let go. */
async function open() {
  const kept = { language: 'en', theme: null, recognition: 'on' } as Settings
  const held: { what: string; go(): Promise<void>; refuse(): Promise<void> }[] = []
  const hold = <T>(what: string, answer: () => T) => {
    // As it is when the request arrives.
    const now = answer()
    return new Promise<T>((resolve, reject) => {
      held.push({
        what,
        async go() {
          resolve(now)
          await settled()
        },
        async refuse() {
          reject(new Error('no'))
          await settled()
        },
      })
    })
  }
  const client = {
    settings: {
      get: () => hold('get', () => ({ ...kept })),
      update: (changes: Partial<Settings>) =>
        hold(JSON.stringify(changes), () => ({ ...Object.assign(kept, changes) })),
    },
  } as unknown as Client
  const storage = new Map<string, string>()
  const root = { dataset: {} as Record<string, string>, lang: '' }
  const preferences = await createPreferences({
    client: () => client,
    storage: {
      getItem: (name: string) => storage.get(name) ?? null,
      setItem: (name: string, value: string) => storage.set(name, value),
      removeItem: (name: string) => storage.delete(name),
    } as unknown as Storage,
    root: root as unknown as HTMLElement,
    browser: ['en-GB'],
  })
  const refused: unknown[] = []
  const change = async (values: Parameters<typeof preferences.change>[0]) => {
    preferences.change(values, error => refused.push(error))
    await settled()
  }
  return { preferences, held, kept, root, refused, change, theme: () => preferences.values.get().theme }
}

const settled = () => new Promise(resolve => setTimeout(resolve, 0))

describe('preferences', () => {
  it('are shown at once, and go back where the server does not keep them', async () => {
    const { preferences, held, root, refused, change, theme } = await open()
    preferences.change({ theme: 'dark' }, error => refused.push(error))
    expect(theme()).toBe('dark')
    expect(root.dataset.theme).toBe('dark')
    await settled()
    await held[0]?.refuse()
    expect(theme()).toBeNull()
    expect(root.dataset.theme).toBeUndefined()
    expect(refused).toHaveLength(1)
    await change({ letters: false })
    expect(preferences.values.get().letters).toBe(false)
    expect(held).toHaveLength(1)
  })

  it('stay as they were chosen last, whenever the server answers', async () => {
    const { preferences, held, kept, change, theme } = await open()
    void preferences.read()
    await change({ theme: 'dark' })
    await change({ theme: 'light' })
    // Read before any of it.
    await held[0]?.go()
    expect(theme()).toBe('light')
    await held[1]?.go()
    expect(theme()).toBe('light')
    expect(held[2]?.what).toBe('{"theme":"light"}')
    await held[2]?.go()
    expect(kept.theme).toBe('light')
    expect(theme()).toBe('light')
  })

  it('are not what was read before the server kept something else', async () => {
    const { preferences, held, change, theme } = await open()
    void preferences.read()
    await change({ theme: 'dark' })
    await held[1]?.go()
    await held[0]?.go()
    expect(theme()).toBe('dark')
  })

  it('take over what another window chose', async () => {
    const { preferences, held, kept, theme } = await open()
    kept.theme = 'dark'
    void preferences.read()
    kept.theme = 'light'
    void preferences.read()
    await held[1]?.go()
    await held[0]?.go()
    expect(theme()).toBe('light')
  })

  it('speak the language that was chosen last', async () => {
    const { preferences, root } = await open()
    preferences.change({ language: 'de' }, () => {})
    preferences.change({ language: 'en' }, () => {})
    await expect.poll(() => preferences.values.get().language).toBe('en')
    await settled()
    expect(root.lang).toBe('en')
    expect(preferences.words.get().language).toBe('en')
    preferences.change({ language: 'de' }, () => {})
    await expect.poll(() => preferences.words.get().language).toBe('de')
  })
})
