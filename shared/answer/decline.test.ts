import { expect, it } from 'vitest'
import { declineSentence, declines } from './decline.ts'

it.each([
  ['de', declineSentence.de],
  ['de', 'In den Quellen steht dazu nichts.'],
  ['de', 'Die Quellen enthalten keine Informationen zur Haftung.'],
  ['de', 'Die vorliegenden Dokumente machen dazu keine Angaben.'],
  ['de', 'Zur Verzinsung steht nichts in den Quellen.'],
  ['de', 'Das kann ich aus den Quellen nicht beantworten.'],
  ['en', declineSentence.en],
  ['en', 'The sources do not mention smoking.'],
  ['en', 'There is no information about this in the provided sources.'],
  ['en', "I don't know."],
  ['en', 'The documents contain no answer.'],
] as const)('%s: %s', (language, sentence) => expect(declines(sentence, language)).toBe(true))

it.each([
  ['de', 'In den Unterlagen steht, dass Hunde nicht erlaubt sind.'],
  ['de', 'Der Text sagt, dass die Kündigung nicht mündlich erklärt werden darf.'],
  ['de', 'Kleintiere sind nicht verboten.'],
  ['de', 'Die Quellen der Isar liegen nicht in Bayern, sondern in Tirol.'],
  ['en', 'The documents must not leave the building.'],
  ['en', 'PVC must not be cut.'],
] as const)('not %s: %s', (language, sentence) => expect(declines(sentence, language)).toBe(false))
