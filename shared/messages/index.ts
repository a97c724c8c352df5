/** The words of the product, in English and German. Everybody may import them; they know nothing of anybody. */
import { createInstance } from 'i18next'
import type { Reason } from '../model/index.ts'
import { de } from './de.ts'
import { en } from './en.ts'
import { choiceOf, kindOf } from './kinds.ts'

export type MessageLanguage = 'de' | 'en'

type Texts<T> = { [Key in keyof T]: T[Key] extends string ? string : Texts<T[Key]> }
export type Messages = Texts<typeof en>

type Path<T> = { [Key in keyof T & string]: T[Key] extends string ? Key : `${Key}.${Path<T[Key]>}` }[keyof T & string]
type WithoutPlural<Key extends string> = Key extends `${infer Base}_${'one' | 'other'}` ? Base : Key
export type MessageKey = WithoutPlural<Path<typeof en>>

export interface Translate {
  readonly language: MessageLanguage
  /** The text in the language, with `{{names}}` filled in. Values stand as they are: the output decides on escaping. */
  (key: MessageKey, values?: Record<string, string | number>): string
}

export function createTranslate(language: MessageLanguage): Translate {
  const instance = createInstance()
  void instance.init({
    lng: language,
    fallbackLng: 'en',
    resources: { de: { translation: de }, en: { translation: en } },
    interpolation: { escapeValue: false },
    initAsync: false,
  })
  return Object.assign((key: MessageKey, values?: Record<string, string | number>) => instance.t(key, values ?? {}), {
    language,
  })
}

/** What went wrong and what to do, in the user's words. */
export function explain(translate: Translate, reason: Reason): string {
  const known = kindOf(reason)
  if (!known) return translate(`error.${reason.code}`, { ...reason.values, ...choiceOf(reason) })
  const { kind, context, ending } = known
  return translate(`error.${reason.code}`, { ...reason.values, context, ending, kind: translate(`kind.${kind}`) })
}

/** German for a German locale (`de_AT.UTF-8`, `de-CH`), English for every other. */
export function languageOfLocale(locale: string | undefined): MessageLanguage {
  return /^de\b|^de[_-]/i.test(locale ?? '') ? 'de' : 'en'
}
