import { type PdfPage, type PdfText, paragraph, writePdf } from '../../scripts/write-pdf.ts'

/** What a handbook says on one of its pages, and what is asked about it. */
export interface Handbook {
  file: string
  question: string
  /** Stands in a line of its own on `page`. */
  sentence: string
  page: number
  /** Asked, but answered nowhere. */
  beyond: string
  bytes: Uint8Array
}

const chapters = {
  de: ['Lüftung', 'Heizung', 'Aufzug', 'Dachrinne', 'Garten', 'Waschküche', 'Keller', 'Müllraum'],
  en: ['Ventilation', 'Heating', 'Lift', 'Gutter', 'Garden', 'Laundry', 'Cellar', 'Refuse room'],
} as const

const filler = {
  de: (chapter: string, page: number) =>
    `Dieser Abschnitt des Hausbuchs behandelt den Bereich ${chapter}. Die Angaben auf Blatt ${page} gelten für alle Aufgänge. Der Hausmeister prüft den Bereich einmal im Monat und trägt das Ergebnis in die Liste ein. Schäden sind noch am selben Tag der Verwaltung zu melden.`,
  en: (chapter: string, page: number) =>
    `This part of the house book deals with the area called ${chapter}. What is said on sheet ${page} holds for all staircases. The caretaker looks after the area once a month and enters the result in the list. Damage is to be reported to the office on the same day.`,
}

export function writeHandbook(language: 'de' | 'en', pages = 24): Handbook {
  const said =
    language === 'de'
      ? {
          file: 'Hausbuch.pdf',
          question: 'Wie oft wird der Filter der Lüftungsanlage gewechselt?',
          sentence: 'Der Filter der Lüftungsanlage wird alle neun Wochen gewechselt.',
          beyond: 'Wer gewann 1974 die Weltmeisterschaft im Fußball?',
        }
      : {
          file: 'House book.pdf',
          question: 'How often is the filter of the ventilation plant changed?',
          sentence: 'The filter of the ventilation plant is changed every nine weeks.',
          beyond: 'Who won the football world cup in 1974?',
        }
  const page = 17
  const sheets = Array.from({ length: pages }, (_, at): PdfPage => {
    const chapter = chapters[language][at % chapters[language].length] ?? ''
    const texts: PdfText[] = [
      { x: 60, y: 80, text: `${at + 1}. ${chapter}`, size: 16, font: 'Helvetica-Bold' },
      ...paragraph(filler[language](chapter, at + 1), { x: 60, y: 120, width: 470, size: 11 }),
      ...paragraph(filler[language](chapter, at + 1), { x: 60, y: 260, width: 470, size: 11 }),
    ]
    if (at + 1 === page) texts.splice(-4, 0, { x: 60, y: 210, text: said.sentence, size: 11 })
    return { texts }
  })
  return { ...said, page, bytes: writePdf({ pages: sheets, title: said.file }) }
}
