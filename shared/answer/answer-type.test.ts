import { expect, it } from 'vitest'
import { holdsExpected, knownWords } from './answer-type.ts'

const holds = (
  question: string,
  sentence: string,
  expects: Parameters<typeof holdsExpected>[1],
  language: 'de' | 'en',
) => holdsExpected(sentence, expects, language, knownWords(question))

it.each([
  ['Wann wurde er gegründet?', 'Der Verein entstand im März 1904.', 'Der Verein hat viele Mitglieder.', 'date', 'de'],
  ['Was geschah 1904, und wann endete es?', 'Es endete 1918.', 'Es begann 1904.', 'date', 'de'],
  ['Wie viele sind es?', 'Es sind sieben Räume.', 'Es sind einige Räume.', 'number', 'de'],
  ['Wie lange ist die Frist?', 'Sie beträgt drei Monate.', 'Sie wird schriftlich erklärt.', 'duration', 'de'],
  ['Wer übersetzte es?', 'Übersetzt hat es Holger Wansing.', 'Das Buch wurde übersetzt.', 'person', 'de'],
  ['Where was he born?', 'He was born in Vienna.', 'He was born early.', 'place', 'en'],
  ['Who wrote it?', 'It was written by Ada Lovelace.', 'It was written early.', 'person', 'en'],
  ['Why does it stop?', 'It stops because the disk is full.', 'It stops.', 'reason', 'en'],
  ['Which option is it?', 'Use rescue/enable=true here.', 'Use the option here.', 'exact', 'en'],
] as const)('%s: %s', (question, yes, no, expects, language) => {
  expect(holds(question, yes, expects, language)).toBeGreaterThan(holds(question, no, expects, language))
})
it('what the question names itself is no answer', () => {
  expect(holds('Wie viele der 24 Räume sind es?', 'Es gibt 24 Räume.', 'number', 'de')).toBe(0)
})
