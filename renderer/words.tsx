import { createInstance } from 'i18next'
import { createContext, useContext } from 'react'
import { choiceOf, kindOf } from '../shared/messages/kinds.ts'
import type { Place, Reason } from '../shared/model/index.ts'
import type { en } from './messages/en.ts'

export type ScreenLanguage = 'de' | 'en'

type Texts<T> = { [Key in keyof T]: T[Key] extends string ? string : Texts<T[Key]> }
export type ScreenMessages = Texts<typeof en>

type Path<T> = { [Key in keyof T & string]: T[Key] extends string ? Key : `${Key}.${Path<T[Key]>}` }[keyof T & string]
type WithoutPlural<Key extends string> = Key extends `${infer Base}_${'one' | 'other'}` ? Base : Key
export type Key = WithoutPlural<Path<typeof en>>

/** What is said and how figures are written, in one language. */
export interface Words {
  readonly language: ScreenLanguage
  /** `{{names}}` are filled in; numbers among the values are written as the language writes them. */
  (key: Key, values?: Record<string, string | number>): string
  explain(reason: Reason): string
  number(value: number): string
  /** In bytes, or kB, MB, GB of 1000. */
  size(bytes: number): string
  date(time: number): string
  /** Day and time of day of what is given as if it were in UTC. */
  moment(time: number): string
  /** Day and time of day, to the second, where the reader is. */
  instant(time: number): string
  /** “page 7”, “slide 3”, “Rent, B7:D7”, the last heading, or “lines 3–9”. */
  place(place: Place): string
  projectName(name: string): string
}

export function createWords(language: ScreenLanguage, texts: ScreenMessages): Words {
  const instance = createInstance()
  void instance.init({
    lng: language,
    resources: { [language]: { translation: texts } },
    interpolation: { escapeValue: false },
    initAsync: false,
  })
  const numbers = new Intl.NumberFormat(language)
  const dates = new Intl.DateTimeFormat(language, { dateStyle: 'medium' })
  const moments = new Intl.DateTimeFormat(language, { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' })
  const instants = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'medium' })
  const sizes = (['byte', 'kilobyte', 'megabyte', 'gigabyte'] as const).map(
    (unit, step) =>
      new Intl.NumberFormat(language, {
        style: 'unit',
        unit,
        // The short form of one byte has no plural in English.
        unitDisplay: step === 0 ? 'long' : 'short',
        maximumFractionDigits: step < 2 ? 0 : 1,
      }),
  )
  const say = (key: Key, values: Record<string, string | number> = {}): string => {
    const written = Object.fromEntries(
      Object.entries(values).map(([name, value]) => [
        name,
        // `count` chooses between singular and plural, so it stays a number.
        typeof value === 'number' && name !== 'count' ? numbers.format(value) : value,
      ]),
    )
    const text = instance.t(key, { ...written, interpolation: { format: undefined } })
    const { count } = values
    return typeof count === 'number' && count >= 1000 ? text.replace(String(count), numbers.format(count)) : text
  }
  return Object.assign(say, {
    language,
    explain(reason: Reason) {
      const known = kindOf(reason)
      if (!known) return instance.t(`error.${reason.code}`, { ...reason.values, ...choiceOf(reason) })
      const { kind, context, ending } = known
      return instance.t(`error.${reason.code}`, { ...reason.values, context, ending, kind: instance.t(`kind.${kind}`) })
    },
    number: (value: number) => numbers.format(value),
    size(bytes: number) {
      const step = Math.min(sizes.length - 1, bytes < 1000 ? 0 : Math.floor(Math.log10(bytes) / 3))
      return sizes[step]?.format(bytes / 1000 ** step) ?? ''
    },
    date: (time: number) => dates.format(time),
    moment: (time: number) => moments.format(time),
    instant: (time: number) => instants.format(time),
    place({ page, where }: Place) {
      if (page !== null) return say('chat.page', { page })
      const heading = where?.headings.at(-1)
      const span = where?.span
      if (where?.cells) return [heading, where.cells].filter(Boolean).join(', ')
      if (heading && span?.unit !== 'slide') return heading
      if (!span) return say('chat.beginning')
      const { unit, first, last } = span
      return say(first === last ? `chat.${unit}` : `chat.${unit}s`, { first, last })
    },
    projectName: (name: string) => (name === firstProject ? say('app.firstProject') : name),
  })
}

const firstProject = 'Meine Dokumente / My documents'

/** `desktop`: for its window, where some things are called otherwise. */
export async function loadWords(language: ScreenLanguage, desktop = false): Promise<Words> {
  const texts = language === 'de' ? (await import('./messages/de.ts')).de : (await import('./messages/en.ts')).en
  return createWords(language, desktop ? inWindow(texts) : texts)
}

function inWindow(texts: ScreenMessages): ScreenMessages {
  const { error, app, settings, desktop } = texts
  const { unreachable, unauthorized, partFailed, reload, system } = desktop
  return {
    ...texts,
    error: { ...error, 'server-unreachable': unreachable, unauthorized },
    app: { ...app, partFailed, reload },
    settings: { ...settings, browser: system },
  }
}

/** The browser's first language that we speak. */
export function languageOf(preferred: readonly string[]): ScreenLanguage {
  const found = preferred.map(name => name.slice(0, 2).toLowerCase()).find(name => name === 'de' || name === 'en')
  return found === 'de' ? 'de' : 'en'
}

export const WordsContext = createContext<Words | null>(null)

export function useWords(): Words {
  const words = useContext(WordsContext)
  if (!words) throw new Error('no words around this component')
  return words
}
