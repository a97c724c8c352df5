/** A plan of two pages: short paragraphs and a table. */
import { type PdfPage, type PdfText, paragraph, writePdf } from '../write-pdf.ts'

const left = 70
const width = 455
const bottom = 770

type Part = { heading: string } | { text: string } | { rows: string[][]; columns: number[] }

const title = 'Hygieneplan der Praxis am Stadtpark'
const parts: Part[][] = [
  [
    { heading: '1 Händehygiene' },
    {
      text: 'Die hygienische Händedesinfektion dauert 30 Sekunden. Es werden mindestens 3 Milliliter Mittel verwendet; die Hände bleiben während der ganzen Zeit feucht. Desinfiziert wird vor und nach jedem Kontakt mit einer Patientin oder einem Patienten, vor aseptischen Tätigkeiten und nach dem Ausziehen der Handschuhe.',
    },
    {
      text: 'Ringe, Armbanduhren und künstliche Fingernägel sind in den Behandlungsräumen nicht erlaubt. Die Nägel sind kurz und unlackiert zu tragen.',
    },
    { heading: '2 Schutzkleidung' },
    {
      text: 'Die Berufskleidung wird täglich gewechselt und bei mindestens 60 Grad gewaschen. Flüssigkeitsdichte Schürzen liegen im Vorraum des Eingriffsraums bereit. Eine FFP2-Maske ist bei jedem Verdacht auf eine Erkrankung der Atemwege zu tragen.',
    },
    { heading: '3 Flächendesinfektion' },
    {
      text: 'Behandlungsliegen werden nach jeder Benutzung, Fußböden am Ende des Tages desinfiziert. Angesetzte Lösungen sind spätestens nach 28 Tagen zu verwerfen; der Tag des Ansetzens steht auf dem Behälter.',
    },
    {
      columns: [0, 150, 270, 365],
      rows: [
        ['Fläche', 'Mittel', 'Konzentration', 'Einwirkzeit'],
        ['Behandlungsliege', 'Alkohol-Tücher', 'gebrauchsfertig', '1 Minute'],
        ['Arbeitsfläche', 'Flächenmittel A', '0,5 Prozent', '15 Minuten'],
        ['Fußboden', 'Flächenmittel A', '0,25 Prozent', '60 Minuten'],
        ['Ultraschallkopf', 'Schaum', 'gebrauchsfertig', '5 Minuten'],
      ],
    },
  ],
  [
    { heading: '4 Instrumente' },
    {
      text: 'Benutzte Instrumente werden sofort trocken abgelegt und innerhalb von sechs Stunden aufbereitet. Die Sterilisation erfolgt im Dampfsterilisator bei 134 Grad mit einer Haltezeit von fünf Minuten. Steriles Verpacktes ist sechs Monate haltbar, wenn es staubgeschützt liegt.',
    },
    { heading: '5 Nadelstichverletzungen' },
    {
      text: 'Nach einem Nadelstich lässt man die Wunde mindestens eine Minute bluten und desinfiziert sie danach gründlich. Die Verletzung ist noch am selben Tag der Durchgangsärztin zu melden und in das Verbandbuch einzutragen. Kanülen werden nie in die Schutzhülle zurückgesteckt.',
    },
    { heading: '6 Abfälle' },
    {
      text: 'Spitze und scharfe Gegenstände kommen in die gelben, durchstichsicheren Behälter. Diese werden höchstens zu drei Vierteln gefüllt und mittwochs abgeholt.',
    },
    { heading: '7 Verantwortung' },
    {
      text: 'Hygienebeauftragte der Praxis ist Frau Seidel. Sie schult alle Beschäftigten einmal im Jahr, neue vor dem ersten Arbeitstag, und prüft diesen Plan jeden Januar. Die Schulungen werden zehn Jahre lang aufbewahrt.',
    },
  ],
]

const pages: PdfPage[] = parts.map((page, index) => {
  const texts: PdfText[] = [
    { x: left, y: 45, text: title, size: 8, font: 'Helvetica-Oblique' },
    { x: left + width - 45, y: 810, text: `Seite ${index + 1} von ${parts.length}`, size: 8 },
  ]
  let y = 90
  if (index === 0) {
    texts.push({ x: left, y, text: title, size: 18, font: 'Helvetica-Bold' })
    y += 40
  }
  for (const part of page) {
    if ('heading' in part) {
      y += 10
      texts.push({ x: left, y, text: part.heading, size: 13, font: 'Helvetica-Bold' })
      y += 20
    } else if ('text' in part) {
      const lines = paragraph(part.text, { x: left, y, width, size: 10.5, leading: 14 })
      texts.push(...lines)
      y += lines.length * 14 + 8
    } else {
      for (const [number, row] of part.rows.entries()) {
        const font = number === 0 ? 'Helvetica-Bold' : 'Helvetica'
        texts.push(...row.map((text, column) => ({ x: left + part.columns[column], y, text, font, size: 10 }) as const))
        y += 16
      }
      y += 10
    }
  }
  if (y > bottom) throw new Error(`page ${index + 1} is full`)
  return { texts }
})

export const hygienePlan = () => writePdf({ title, pages })
