import type { Client } from '../shared/api/client.ts'
import { createStore, type Store } from './store.ts'
import { languageOf, loadWords, type Words } from './words.tsx'

/**
 * Language and appearance. The server keeps them for the user; this browser keeps a copy, so that the first paint is right
 * before the server has answered. Null: as the browser or the system has it.
 */
export interface Preferences {
  readonly values: Store<Values>
  readonly words: Store<Words>
  /** Takes over what the server keeps. */
  adopt(kept: Pick<Values, 'language' | 'theme' | 'recognition'>): Promise<void>
  change(values: Partial<Values>): Promise<void>
}

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
}: {
  client: () => Client
  storage: Storage
  root: HTMLElement
  /** Languages the browser asks for, most wanted first. */
  browser: readonly string[]
}): Promise<Preferences> {
  const values = createStore(remembered(storage))
  const words = createStore(await loadWords(values.get().language ?? languageOf(browser)))

  async function apply(next: Values): Promise<void> {
    values.set(next)
    remember(storage, next)
    if (next.theme) root.dataset.theme = next.theme
    else delete root.dataset.theme
    const language = next.language ?? languageOf(browser)
    if (words.get().language !== language) words.set(await loadWords(language))
    root.lang = language
  }

  await apply(values.get())
  return {
    values,
    words,
    adopt: ({ language, theme, recognition }) => apply({ ...values.get(), language, theme, recognition }),
    async change(changed) {
      await apply({ ...values.get(), ...changed })
      const { letters: _ours, ...kept } = changed
      if (Object.keys(kept).length > 0) await client().settings.update(kept)
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
