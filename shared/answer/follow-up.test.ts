import { describe, expect, it } from 'vitest'
import { completeQuestion } from './follow-up.ts'

const after = (before: string, question: string) =>
  completeQuestion(question, [{ question: before, completed: before }])

describe('refers back', () => {
  it.each([
    ['Wie lang ist die Frist für die Kündigung?', 'Wie lange gilt sie?', 'Wie lange gilt sie? — Frist Kündigung'],
    ['Welche Taste drücke ich beim BIOS?', 'Und unter UEFI?', 'Und unter UEFI? — Taste drücke'],
    ['Welche Taste macht die Ausgabe lauter?', 'Und wieder leiser?', 'Und wieder leiser? — Taste macht Ausgabe'],
    ['Wie hoch ist die Miete?', 'Was kostet das?', 'Was kostet das? — hoch Miete'],
    ['Wer war Goethe?', 'Wann starb er?', 'Wann starb er? — Goethe'],
    ['Wer war Goethe?', 'Warum?', 'Warum? — Goethe'],
    ['How many megabytes does the KDE task need?', 'And for Xfce?', 'And for Xfce? — megabytes task need'],
    [
      'How many partitions can a SCSI disk hold?',
      'What about an IDE drive?',
      'What about an IDE drive? — partitions disk hold',
    ],
    ['Who was Ada Lovelace?', 'Where did she live?', 'Where did she live? — Ada Lovelace'],
    ['Which desktops are there?', 'Which of them is free?', 'Which of them is free? — desktops'],
  ])('%s %s', (before, question, text) => {
    const completed = after(before, question)
    expect(completed).toMatchObject({ text, refersBack: true })
    expect(text.slice(completed.inheritedFrom)).toBe(text.split(' — ')[1])
  })
})

describe('stands on its own', () => {
  it.each([
    ['Gibt es eine Frist für die Kündigung?'],
    ['Wer war Schiller und wann starb er?'],
    ['Wie können Sie die Sprachausgabe lauter stellen?'],
    ['Und wie lange dauert die Installation mit grafischer Oberfläche?'],
    ['Was passiert, wenn es regnet?'],
    ['Wie heißt das Programm zum Partitionieren?'],
    ['Is there a limit for the size of a file?'],
    ['What is the name of the man who led his army?'],
    ['What is it called when a disk is full of files?'],
  ])('%s', question => expect(after('Wer war Goethe?', question)).toEqual({ text: question, refersBack: false }))
  it('the first question of a chat', () =>
    expect(completeQuestion('Und dann?', [])).toEqual({ text: 'Und dann?', refersBack: false }))
})

it('follows through several turns, without growing for ever', () => {
  let earlier = [{ question: 'Welche Taste drücke ich beim BIOS?', completed: 'Welche Taste drücke ich beim BIOS?' }]
  for (const name of ['UEFI', 'XYZ', 'ABC', 'BIOS']) {
    const completed = completeQuestion(`Und bei ${name}?`, earlier)
    expect(completed.text).toBe(`Und bei ${name}? — Taste drücke`)
    earlier = [...earlier, { question: `Und bei ${name}?`, completed: completed.text }]
  }
  const long = completeQuestion('Und dann?', [{ question: 'x', completed: 'Wort Satz Buch '.repeat(500) }])
  expect(long.text.length).toBeLessThan(500)
})
