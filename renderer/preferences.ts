import type { Client } from '../shared/api/client.ts'
import { createChoice } from './parts/choice.ts'
import { createStore, type Store } from './store.ts'
import { languageOf, loadWords, type Words } from './words.tsx'

/**
 * Language and appearance. The server keeps them for the user; this browser keeps a copy, so that the first paint is right
 * before the server has answered. Null: as the browser or the system has it.
 */
export interface Preferences {
  readonly values: Store<Values>
  readonly words: Store<Words>
  /** Takes over what the server keeps; what was chosen meanwhile goes before it. */
  adopt(kept: Kept): Promise<void>
  /** Takes over what the server keeps now. */
  read(): Promise<void>
  /** At once; back again, with `refused`, where the server does not keep it. */
  change(values: Partial<Values>, refused: (error: unknown) => void): void
}

type Kept = Pick<Values, 'language' | 'theme' | 'recognition'>

export interface Values {
  language: 'de' | 'en' | null
  theme: 'light' | 'dark' | null
  /** Whether the server recognises text in pictures of pages; of no meaning for this browser, which forgets it. */
  recognition: 'on' | 'off'
  /** Of this browser alone: whether single letters act. */
  letters: boolean
}

export async function createPreferences({
  client,
  storage,
  root,
  browser,
  desktop = false,
}: {
  client: () => Client
  storage: Storage
  root: HTMLElement
  /** Languages the browser asks for, most wanted first. */
  browser: readonly string[]
  /** In its window. */
  desktop?: boolean
}): Promise<Preferences> {
  const values = createStore(remembered(storage))
  const words = createStore(await loadWords(values.get().language ?? languageOf(browser), desktop))
  const choice = createChoice<Kept>()
  let kept: Kept = values.get()
  let readings = 0

  async function apply(letters = values.get().letters): Promise<void> {
    const { language, theme, recognition } = { ...kept, ...choice.pending.get() }
    const next = { language, theme, recognition, letters }
    values.set(next)
    remember(storage, next)
    if (theme) root.dataset.theme = theme
    else delete root.dataset.theme
    const spoken = language ?? languageOf(browser)
    root.lang = spoken
    if (words.get().language === spoken) return
    const loaded = await loadWords(spoken, desktop)
    // Another one may have been chosen, and be here, since.
    if (root.lang === spoken) words.set(loaded)
  }
  async function adopt({ language, theme, recognition }: Kept): Promise<void> {
    kept = { language, theme, recognition }
    await apply()
  }
  async function read(): Promise<void> {
    readings += 1
    const mine = readings
    try {
      const now = await client().settings.get()
      if (mine === readings) await adopt(now)
    } catch {
      // As it was; the next event, or the next visit, reads it anew.
    }
  }

  await apply()
  choice.pending.subscribe(() => void apply())
  return {
    values,
    words,
    adopt,
    read,
    change({ letters, ...chosen }, refused) {
      if (letters !== undefined) void apply(letters)
      if (Object.keys(chosen).length === 0) return
      choice.choose(chosen, {
        refused,
        async send(changes) {
          const answer = await client().settings.update(changes)
          // What was read before has no say any more.
          readings += 1
          await adopt(answer)
        },
      })
    },
  }
}

const names = ['language', 'theme', 'letters'] as const

function remembered(storage: Storage): Values {
  const read = (name: string) => {
    try {
      return storage.getItem(name)
    } catch {
      return null
    }
  }
  const language = read('language')
  const theme = read('theme')
  return {
    language: language === 'de' || language === 'en' ? language : null,
    theme: theme === 'light' || theme === 'dark' ? theme : null,
    recognition: 'on',
    letters: read('letters') !== 'off',
  }
}

function remember(storage: Storage, { language, theme, letters }: Values): void {
  const kept = { language, theme, letters: letters ? null : 'off' }
  try {
    for (const name of names) {
      const value = kept[name]
      if (value === null) storage.removeItem(name)
      else storage.setItem(name, value)
    }
  } catch {
    // A browser that keeps nothing forgets it with the page.
  }
}
