import { sample } from './library.ts'

/** Answers as a good small model writes them, right in every word: the check of sentences must let them pass. */
export interface Honest {
  file: string
  question: string
  answer: string
}

const lease = 'mietvertrag.md'
const agreement = 'consulting-agreement.md'
const workshop = 'workshop-handbook.md'
const manual = 'pump.md'
const statutes = 'vereinssatzung.txt'

export const honest: Honest[] = [
  { file: lease, question: 'Wie hoch ist die Kaution?', answer: 'Die Kaution beträgt 2.670 Euro.' },
  { file: lease, question: 'Wie hoch ist die Kaution?', answer: '2.670 Euro.' },
  { file: lease, question: 'Wie hoch ist die Kaution?', answer: 'Sie beträgt 2670 €.' },
  {
    file: lease,
    question: 'Kann ich die Kaution in Raten zahlen?',
    answer: 'Ja, der Mieter kann die Kaution in drei gleichen Raten zahlen.',
  },
  {
    file: lease,
    question: 'Wann wird die erste Rate fällig?',
    answer: 'Die erste Rate der Kaution ist zu Beginn des Mietverhältnisses fällig.',
  },
  {
    file: lease,
    question: 'Wie lange ist die Kündigungsfrist?',
    answer: 'Die Kündigungsfrist für den Mieter beträgt drei Monate zum Ende eines Kalendermonats.',
  },
  {
    file: lease,
    question: 'Wie lange ist die Kündigungsfrist der Vermieterin nach acht Jahren?',
    answer: 'Nach acht Jahren beträgt die Kündigungsfrist für die Vermieterin neun Monate.',
  },
  { file: lease, question: 'Muss ich schriftlich kündigen?', answer: 'Ja, die Kündigung bedarf der Schriftform.' },
  {
    file: lease,
    question: 'Wie hoch ist die Miete?',
    answer: 'Die Grundmiete beträgt 890 Euro im Monat, dazu kommen 210 Euro Vorauszahlung auf die Nebenkosten.',
  },
  {
    file: lease,
    question: 'Wann ist die Miete fällig?',
    answer: 'Die Miete muss spätestens am 3. Werktag eines Monats im Voraus überwiesen werden.',
  },
  {
    file: lease,
    question: 'Darf ich einen Hund halten?',
    answer: 'Das Halten eines Hundes muss der Vermieterin vorher schriftlich angezeigt werden.',
  },
  {
    file: lease,
    question: 'Welche Tiere sind erlaubt?',
    answer: 'Kleintiere wie Hamster, Fische und Wellensittiche sind ohne Zustimmung erlaubt.',
  },
  {
    file: lease,
    question: 'Welche Tiere sind erlaubt?',
    answer: 'Kleintiere, zum Beispiel Hamster und Fische, dürfen ohne Zustimmung gehalten werden.',
  },
  {
    file: lease,
    question: 'Wann ist Ruhezeit?',
    answer: 'Die Zimmerlautstärke ist von 22:00 bis 6:00 Uhr einzuhalten.',
  },
  {
    file: lease,
    question: 'Darf ich Klavier spielen?',
    answer: 'Musikinstrumente dürfen höchstens zwei Stunden am Tag gespielt werden.',
  },
  {
    file: lease,
    question: 'Darf ich mittags Klavier spielen?',
    answer: 'Zwischen 13 und 15 Uhr dürfen Musikinstrumente nicht gespielt werden.',
  },
  { file: lease, question: 'Wie groß ist die Wohnung?', answer: 'Die Wohnung hat eine Wohnfläche von 74 m².' },
  {
    file: lease,
    question: 'Wer ist die Vermieterin?',
    answer: 'Die Vermieterin ist Helga Brandt, Lindenstraße 12, 50674 Köln.',
  },
  {
    file: lease,
    question: 'Was muss ich bei verlorenen Schlüsseln tun?',
    answer: 'Einen verlorenen Schlüssel müssen Sie innerhalb von 2 Tagen melden.',
  },
  {
    file: lease,
    question: 'Wer zahlt kleine Reparaturen?',
    answer: 'Kleine Reparaturen bis 100 Euro trägt der Mieter, höchstens jedoch 400 Euro im Jahr.',
  },
  { file: lease, question: 'Wann beginnt das Mietverhältnis?', answer: 'Das Mietverhältnis beginnt am 01.03.2026.' },
  { file: agreement, question: 'What is the daily rate?', answer: 'The daily rate is £640 plus VAT.' },
  { file: agreement, question: 'When is the report due?', answer: 'The report is due on June 30, 2026.' },
  {
    file: agreement,
    question: 'How can the agreement be terminated?',
    answer: "Either party may terminate the agreement with 14 days' written notice.",
  },
  { file: agreement, question: 'When do invoices have to be paid?', answer: 'Invoices must be paid within 21 days.' },
  {
    file: agreement,
    question: 'What is the limit of liability?',
    answer:
      'The liability of the Consultant is limited to £50,000, except for fraud and for death or personal injury caused by negligence.',
  },
  {
    file: agreement,
    question: 'How long does confidentiality last?',
    answer: 'Confidential information must be kept secret for 3 years after the agreement ends.',
  },
  {
    file: agreement,
    question: 'Which law applies?',
    answer: 'The agreement is governed by the law of England and Wales.',
  },
  {
    file: agreement,
    question: 'Who owns the report?',
    answer: 'The report becomes the property of the Client once the last invoice has been paid.',
  },
  {
    file: agreement,
    question: 'What interest is due on late payment?',
    answer: 'A late payment bears interest of 4% per year above the base rate of the Bank of England.',
  },
  {
    file: agreement,
    question: 'Who is the consultant?',
    answer: 'The Consultant is Mara Ellison, 19 Canal Road, Bath.',
  },
  { file: workshop, question: 'What does the laser cutter cost?', answer: 'The laser cutter costs 12 euros per hour.' },
  {
    file: workshop,
    question: 'Which training does the table saw need?',
    answer: 'The table saw needs 3 hours of training.',
  },
  {
    file: workshop,
    question: 'When is the workshop open on Saturday?',
    answer: 'On Saturday the workshop is open from 10 am to 6 pm.',
  },
  { file: workshop, question: 'Is the workshop open in August?', answer: 'No, the workshop is closed in August.' },
  {
    file: workshop,
    question: 'Can I cut PVC?',
    answer: 'PVC must not be cut in the laser cutter because its fumes contain chlorine.',
  },
  { file: workshop, question: 'What does a lost card cost?', answer: 'A lost key card costs 15 euros.' },
  {
    file: workshop,
    question: 'How do I print?',
    answer: 'Copy your file to the share with scp part.gcode maker@printer.local:/srv/queue.',
  },
  { file: workshop, question: 'How long may I store a box?', answer: 'Members may store a box for up to 8 weeks.' },
  { file: workshop, question: 'Where is the first-aid box?', answer: 'The first-aid box is above the sink.' },
]

/** Written before the check was tuned and not looked at while it was: what the rates are worth on texts it does not know. */
export const heldOutHonest: Honest[] = [
  {
    file: statutes,
    question: 'Wie hoch ist der Beitrag?',
    answer: 'Der Jahresbeitrag beträgt 36 Euro, für Schüler und Studierende 12 Euro.',
  },
  { file: statutes, question: 'Wie hoch ist der Beitrag?', answer: 'Mitglieder zahlen einen Jahresbeitrag von 36 €.' },
  { file: statutes, question: 'Was zahlen Schüler?', answer: 'Schüler zahlen einen ermäßigten Beitrag von 12 Euro.' },
  { file: statutes, question: 'Wann ist der Beitrag fällig?', answer: 'Der Beitrag ist bis zum 31.3. zu zahlen.' },
  {
    file: statutes,
    question: 'Wer muss keinen Beitrag zahlen?',
    answer: 'Vom Beitrag befreit ist, wer mindestens 20 Arbeitsstunden im Jahr leistet.',
  },
  {
    file: statutes,
    question: 'Wie kann ich austreten?',
    answer:
      'Der Austritt ist zum Jahresende möglich und muss dem Vorstand mit einer Frist von sechs Wochen in Textform mitgeteilt werden.',
  },
  {
    file: statutes,
    question: 'Wann ist die Mitgliederversammlung?',
    answer: 'Die Mitgliederversammlung findet einmal im Jahr im Februar statt.',
  },
  { file: statutes, question: 'Wie lange ist der Vorstand im Amt?', answer: 'Der Vorstand wird für 2 Jahre gewählt.' },
  {
    file: statutes,
    question: 'Was passiert mit dem Obst?',
    answer:
      'Das geerntete Obst wird nach Arbeitsstunden unter den Mitgliedern verteilt, der Rest geht an die Tafel Freising.',
  },
  {
    file: statutes,
    question: 'Wer bekommt das Vermögen bei Auflösung?',
    answer: 'Das Vermögen geht bei Auflösung an die Stadt Freising.',
  },
  {
    file: statutes,
    question: 'Ab welchem Alter kann man Mitglied werden?',
    answer: 'Mitglied kann werden, wer das 14. Lebensjahr vollendet hat.',
  },
  { file: statutes, question: 'Wo ist der Sitz des Vereins?', answer: 'Der Verein hat seinen Sitz in Freising.' },
  { file: manual, question: 'How long does the battery last?', answer: 'A full charge of the battery lasts 18 hours.' },
  {
    file: manual,
    question: 'How long does the battery last?',
    answer: 'The battery lasts for about 18 hours when fully charged.',
  },
  {
    file: manual,
    question: 'Can I wash the filter?',
    answer: 'Yes, the filter may be washed by hand in lukewarm water.',
  },
  { file: manual, question: 'Can I wash the filter?', answer: 'The filter must not go into the dishwasher.' },
  { file: manual, question: 'How loud is it?', answer: 'The pump produces 42 dB at a distance of one metre.' },
  {
    file: manual,
    question: 'What does the red light mean?',
    answer: 'A red light means that the water tank is empty.',
  },
  {
    file: manual,
    question: 'How long is the warranty?',
    answer: 'The warranty covers two years from the date of purchase.',
  },
  { file: manual, question: 'Who made it?', answer: 'The pump is made by Aldous Works in Leeds.' },
]
export const heldOutDishonest: Honest[] = [
  { file: statutes, question: 'Wie hoch ist der Beitrag?', answer: 'Der Jahresbeitrag beträgt 63 Euro.' },
  { file: statutes, question: 'Was zahlen Schüler?', answer: 'Schüler und Studierende zahlen keinen Beitrag.' },
  { file: statutes, question: 'Wann ist der Beitrag fällig?', answer: 'Der Beitrag ist bis zum 31. Mai zu zahlen.' },
  { file: statutes, question: 'Wie kann ich austreten?', answer: 'Der Austritt ist jederzeit ohne Frist möglich.' },
  {
    file: statutes,
    question: 'Wie lange ist der Vorstand im Amt?',
    answer: 'Der Vorstand wird für vier Jahre gewählt.',
  },
  { file: statutes, question: 'Wer bekommt das Vermögen?', answer: 'Das Vermögen fällt an die Stadt München.' },
  {
    file: statutes,
    question: 'Wann ist die Versammlung?',
    answer: 'Die Mitgliederversammlung findet zweimal im Jahr statt.',
  },
  { file: statutes, question: 'Frist für den Austritt?', answer: 'Für den Austritt gilt eine Frist von drei Wochen.' },
  { file: manual, question: 'How long does the battery last?', answer: 'A full charge of the battery lasts 80 hours.' },
  { file: manual, question: 'How long does charging take?', answer: 'Charging the battery takes 18 hours.' },
  { file: manual, question: 'Can I wash the filter?', answer: 'The filter may be cleaned in the dishwasher.' },
  { file: manual, question: 'What does the red light mean?', answer: 'A red light means that the battery is empty.' },
  {
    file: manual,
    question: 'How long is the warranty?',
    answer: 'The warranty covers five years from the date of purchase.',
  },
  { file: manual, question: 'Who made it?', answer: 'The pump is made by Siemens in Munich.' },
  { file: manual, question: 'How loud is it?', answer: 'The pump produces 24 dB at a distance of one metre.' },
]

export const manualText = `# Fountain pump AW-3

## Power
A full charge lasts 18 hours. Charging the battery takes 4 hours with the adapter supplied.
Do not use other adapters.

## Cleaning
Wash the filter by hand in lukewarm water once a week. Never put it into the dishwasher.

## Lights
A green light shows that the battery is full. A red light shows that the water tank is empty.

## Noise
At one metre the pump produces 42 dB.

## Warranty
The warranty runs for two years from the date of purchase. Aldous Works, 5 Mill Lane, Leeds, is the maker of the pump.
`

/** One thing changed in an honest answer: none of these may pass. */
export const dishonest: Honest[] = [
  { file: lease, question: 'Wie hoch ist die Kaution?', answer: 'Die Kaution beträgt 2.760 Euro.' },
  { file: lease, question: 'Wie hoch ist die Kaution?', answer: 'Die Kaution beträgt 890 Euro.' },
  { file: lease, question: 'Wie hoch ist die Kaution?', answer: '890 Euro.' },
  { file: lease, question: 'Wie hoch ist die Kaution?', answer: 'Die Kaution beträgt 2.670 Dollar.' },
  { file: lease, question: 'Wie hoch ist die Maklerprovision?', answer: 'Die Maklerprovision beträgt 2.670 Euro.' },
  {
    file: lease,
    question: 'Wie lange ist die Kündigungsfrist?',
    answer: 'Die Kündigungsfrist für den Mieter beträgt drei Jahre.',
  },
  {
    file: lease,
    question: 'Wie lange ist die Kündigungsfrist?',
    answer: 'Die Kündigungsfrist für den Mieter beträgt zwei Monate zum Ende eines Kalendermonats.',
  },
  {
    file: lease,
    question: 'Welche Tiere sind erlaubt?',
    answer: 'Kleintiere wie Hamster, Fische und Wellensittiche sind nicht erlaubt.',
  },
  {
    file: lease,
    question: 'Welche Tiere sind erlaubt?',
    answer: 'Kleintiere wie Hamster, Fische und Wellensittiche sind nur mit Zustimmung erlaubt.',
  },
  { file: lease, question: 'Welche Tiere sind erlaubt?', answer: 'Hunde und Katzen sind ohne Zustimmung erlaubt.' },
  {
    file: lease,
    question: 'Darf ich mittags Klavier spielen?',
    answer: 'Zwischen 13 und 15 Uhr dürfen Musikinstrumente gespielt werden.',
  },
  {
    file: lease,
    question: 'Darf ich Klavier spielen?',
    answer: 'Musikinstrumente dürfen mindestens zwei Stunden am Tag gespielt werden.',
  },
  {
    file: lease,
    question: 'Wer ist die Vermieterin?',
    answer: 'Die Vermieterin ist Petra Schulz, Lindenstraße 12, 50674 Köln.',
  },
  { file: lease, question: 'Wer ist die Vermieterin?', answer: 'Die Vermieterin ist Helga Brand.' },
  { file: lease, question: 'Wann beginnt das Mietverhältnis?', answer: 'Das Mietverhältnis beginnt am 1. Mai 2026.' },
  { file: lease, question: 'Wann endet das Mietverhältnis?', answer: 'Das Mietverhältnis endet am 1. März 2026.' },
  { file: lease, question: 'Wie hoch ist die Miete?', answer: 'Die Grundmiete beträgt 2.670 Euro im Monat.' },
  {
    file: lease,
    question: 'Wie hoch ist die Miete?',
    answer: 'Die Vorauszahlung auf die Nebenkosten beträgt 890 Euro im Monat.',
  },
  { file: lease, question: 'Darf ich rauchen?', answer: 'Rauchen ist in der Wohnung verboten.' },
  { file: lease, question: 'Darf ich rauchen?', answer: 'Das Rauchen ist auf dem Balkon erlaubt.' },
  {
    file: lease,
    question: 'Wer zahlt kleine Reparaturen?',
    answer: 'Kleine Reparaturen bis 100 Euro trägt die Vermieterin.',
  },
  { file: agreement, question: 'What is the daily rate?', answer: 'The daily rate is £460 plus VAT.' },
  { file: agreement, question: 'What is the daily rate?', answer: 'The daily rate is €640 plus VAT.' },
  { file: agreement, question: 'When is the report due?', answer: 'The report is due on 30 July 2026.' },
  {
    file: agreement,
    question: 'How can it be terminated?',
    answer: "Either party may terminate the agreement with 10 days' written notice.",
  },
  {
    file: agreement,
    question: 'What is the limit of liability?',
    answer: 'The liability of the Consultant is not limited to £50,000.',
  },
  {
    file: agreement,
    question: 'What is the limit of liability?',
    answer: 'The liability of the Consultant is limited to £250,000.',
  },
  { file: agreement, question: 'Which law applies?', answer: 'The agreement is governed by the law of Scotland.' },
  {
    file: agreement,
    question: 'Who is the consultant?',
    answer: 'The Consultant is Mara Elliott, 19 Canal Road, Bath.',
  },
  { file: agreement, question: 'Where do disputes go?', answer: 'Disputes go to arbitration in Zurich first.' },
  { file: workshop, question: 'What does the laser cutter cost?', answer: 'The laser cutter costs 6 euros per hour.' },
  { file: workshop, question: 'What does the table saw cost?', answer: 'The table saw costs 12 euros per hour.' },
  { file: workshop, question: 'Can I cut PVC?', answer: 'PVC may be cut in the laser cutter.' },
  { file: workshop, question: 'Is the workshop open in August?', answer: 'The workshop is open in August.' },
  {
    file: workshop,
    question: 'Is the workshop open on Sunday?',
    answer: 'On Sunday the workshop is open from 10:00 to 18:00.',
  },
  { file: workshop, question: 'What does a lost card cost?', answer: 'A lost key card costs 50 euros.' },
  {
    file: workshop,
    question: 'How long may I store a box?',
    answer: 'Members may store a box for at least eight weeks.',
  },
  { file: workshop, question: 'How do I print?', answer: 'Copy your file to maker@printer.remote:/srv/queue.' },
]

/** The text of each file named above, as a parser would give it: headings marked, paragraphs on one line. */
export function textOf(file: string): string {
  if (file === manual) return manualText
  if (file !== statutes) return sample(file)
  return sample(file)
    .split('\n\n')
    .map(paragraph => paragraph.replace(/^(§ .*)\n/, '## $1\n\n'))
    .map(paragraph => paragraph.replaceAll(/(?<=\S)\n(?=\S)/g, ' '))
    .join('\n\n')
}
