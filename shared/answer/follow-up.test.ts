import { describe, expect, it } from 'vitest'
import { completeQuestion } from './follow-up.ts'

const asked = (before: string, question: string) =>
  completeQuestion(question, [{ question: before, completed: before }])

describe('refers back', () => {
  it.each([
    ['Wie lang ist die Frist für die Kündigung?', 'Wie lange gilt sie?', 'Wie lange gilt sie? — Frist Kündigung'],
    ['Welche Taste drücke ich beim BIOS?', 'Und unter UEFI?', 'Und unter UEFI? — Taste drücke'],
    ['Welche Taste macht die Ausgabe lauter?', 'Und wieder leiser?', 'Und wieder leiser? — Taste macht Ausgabe'],
    ['Wie hoch ist die Miete?', 'Was kostet das?', 'Was kostet das? — Miete'],
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
    const completed = asked(before, question)
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
  ])('%s', question =>
    expect(asked('Wer war Goethe?', question)).toEqual({ text: question, refersBack: false, unsure: false }),
  )
  it('the first question of a chat', () =>
    expect(completeQuestion('Und dann?', [])).toEqual({ text: 'Und dann?', refersBack: false, unsure: false }))
})

describe('several turns', () => {
  it.each([
    [
      ['Welche Taste drücke ich beim BIOS?', 'Und bei UEFI?', 'Und bei XYZ?', 'Und bei ABC?'],
      ['Und bei UEFI? — Taste drücke', 'Und bei XYZ? — Taste', 'Und bei ABC? — Taste'],
    ],
    [
      [
        'Wie lange ist die Kündigungsfrist für die Vermieterin nach acht Jahren?',
        'Und für den Mieter?',
        'Und nach fünf Jahren?',
      ],
      ['Und für den Mieter? — Kündigungsfrist nach acht Jahren', 'Und nach fünf Jahren? — Kündigungsfrist Mieter'],
    ],
    [
      ['Wie hoch ist die Kaution?', 'Wann ist sie fällig?', 'Und in wie vielen Raten?', 'Wer bekommt sie?'],
      [
        'Wann ist sie fällig? — Kaution',
        'Und in wie vielen Raten? — Kaution fällig',
        'Wer bekommt sie? — Kaution Raten',
      ],
    ],
  ])('%s', (questions, completed) => {
    const earlier: { question: string; completed: string }[] = []
    const understood = questions.map(question => {
      const { text } = completeQuestion(question, earlier)
      earlier.push({ question, completed: text })
      return text
    })
    expect(understood.slice(1)).toEqual(completed)
  })
  it('takes over five words at most, the naming ones first, and says that it left some out', () => {
    const before =
      'Welche große alte Maschine steht laut Plan seit Jahren in Halle Nord neben dem Lager der Firma Meier?'
    const completed = asked(before, 'Und wem gehört sie?')
    expect(completed).toMatchObject({ unsure: true, refersBack: true })
    expect(completed.text.split(' — ')[1].split(' ')).toHaveLength(5)
    expect(asked('Wie hoch ist die Miete?', 'Was kostet das?').unsure).toBe(false)
    expect(asked('Und?', 'Was kostet das?')).toMatchObject({ unsure: true, text: 'Was kostet das?' })
  })
})
