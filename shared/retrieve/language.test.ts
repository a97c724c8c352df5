import { expect, it } from 'vitest'
import { detectLanguage } from './language.ts'

it.each([
  ['Wie hoch ist die Kaution?', 'de'],
  ['Was ist Sepsis?', 'de'],
  ['Which river flows through Vienna?', 'en'],
  ['What was the first battle?', 'en'],
  ['Where was Friedrich Ratzel born?', 'en'],
  ['Der Mieter zahlt die Miete im Voraus, spätestens am dritten Werktag.', 'de'],
  ['The tenant pays the rent in advance, at the latest on the third working day.', 'en'],
  ['4584 1316 5900', 'other'],
  ['', 'other'],
  ['Le locataire paie le loyer à terme échu et prévient son bailleur.', 'other'],
])('%s', (text, language) => expect(detectLanguage(text)).toBe(language))
