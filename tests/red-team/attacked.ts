/**
 * Sentences a reviewer wrote to get past the check: 40 that say something false in nearly the words of their source (a figure moved to
 * the next thing, a word exchanged that stands nowhere else, an opposite, a period, an exception, two people swapped), and 33 true ones
 * beside them. The check was mended with them.
 */
import { type Honest, textOf } from './honest.ts'

type Said = [question: string, answer: string]

const texts: Record<string, string> = {
  'requirements.md': `## Systemanforderungen

Sie brauchen mindestens 512MB Arbeitsspeicher und 4GB Festplattenspeicher, um Debian mit grafischer Oberfläche zu installieren. Pentium 4 mit 1GHz ist das Minimum für ein Desktop-System.

## Firmware

Viele WLAN-Adapter benötigen Firmware, die vor der Nutzung geladen werden muss. Seit Debian 12 ist nicht-freie Firmware in den offiziellen Installations-Images enthalten.

## Partitionierung

Der Installer kann Partitionen ohne Datenverlust verkleinern, sofern es sich um FAT- oder NTFS-Partitionen handelt. Sichern Sie trotzdem vorher alle Daten. Die Root-Partition sollte mindestens 8 GB groß sein; /home liegt am besten auf einer eigenen Partition.
`,
  // Three sentences of the Debian installation manual, as a PDF parser gives them.
  'memory.md': `Sie benötigen mindestens 780MB Arbeitsspeicher und 1160MB freien Festplattenspeicher, um eine normale Installation durchzuführen.

Der Installer führt normalerweise automatisch einige Funktionen aus, um den Verbrauch von Arbeitsspeicher zu reduzieren, um auf Systemen mit wenig Arbeitsspeicher eine Installation zu ermöglichen.

¹Installations-Images, die zusätzlich den grafischen Installer unterstützen, benötigen mehr Arbeitsspeicher als Images, die nur den textbasierten Installer unterstützen, und sollten nicht auf Systemen angewendet werden, die weniger als 780MB Arbeitsspeicher installiert haben.
`,
  'broadcast.md': `Prize winner and pianist Nora Quill performed the opening song, while prize winner Edda Marsh provided the British Sign Language (BSL) translation.

Standard definition programmes of Halcyon are sent in MPEG-2, with some channels including optional surround sound for recent films. Halcyon HD material is broadcast using MPEG-4 and most of the HD material uses the DVB-S2 standard.
`,
}

export const attackedText = (file: string) => texts[file] ?? textOf(file)

const falseByFile: Record<string, Said[]> = {
  'mietvertrag.md': [
    ['Wer zahlt kleine Reparaturen?', 'Kleine Reparaturen bis 400 Euro im Einzelfall trägt der Mieter.'],
    ['Wie hoch ist die Grundmiete?', 'Die Grundmiete beträgt jährlich 890 Euro.'],
    ['Wann wird abgerechnet?', 'Über die Nebenkosten wird monatlich abgerechnet.'],
    ['Wer überweist die Miete?', 'Die Miete ist auf das Konto des Mieters zu überweisen.'],
    [
      'Wann muss die Miete da sein?',
      'Die Miete ist spätestens am dritten Werktag des Folgemonats im Nachhinein zu überweisen.',
    ],
    [
      'Wie ist die Frist der Vermieterin?',
      'Für die Vermieterin verlängert sich die Kündigungsfrist nach fünf Jahren auf neun Monate.',
    ],
    ['Wie legt die Vermieterin die Kaution an?', 'Die Vermieterin legt die Kaution zusammen mit ihrem Vermögen an.'],
    ['Muss ich einen Hund melden?', 'Das Halten eines Hundes ist der Vermieterin nachher mündlich anzuzeigen.'],
    ['Wann wird die erste Rate fällig?', 'Die erste Rate wird am Ende des Mietverhältnisses fällig.'],
    [
      'Wie viele Schlüssel?',
      'Der Mieter erhält drei Haustürschlüssel, drei Kellerschlüssel und einen Wohnungsschlüssel.',
    ],
    ['Wo liegt die Wohnung?', 'Vermietet wird die Wohnung im zweiten Obergeschoss rechts des Hauses Lindenstraße 12.'],
    ['Wie sind die Wände zurückzugeben?', 'Beim Einzug sind die Wände in dunklen Farben zurückzugeben.'],
  ],
  'consulting-agreement.md': [
    ['Who must return data?', 'The Consultant may return or keep all data of the Client within 30 days after the end.'],
    ['How is liability limited?', "The Client's liability is limited to £50,000."],
    ['How is liability limited for fraud?', "The Consultant's liability is limited to £50,000, including for fraud."],
    [
      'Are travel expenses reimbursed?',
      'Travel expenses are reimbursed at cost even when they have not been approved in advance.',
    ],
    ['Which rail class?', 'First-class rail is the rule for travel.'],
    ['When is the report ours?', 'The report becomes the property of the Client when the first invoice has been paid.'],
    ['When are invoices issued?', 'Invoices are issued at the beginning of each month and are payable within 21 days.'],
    [
      'Is it interest above base?',
      'A late payment bears interest of 4 percent per month above the base rate of the Bank of England.',
    ],
    ['Who decides?', 'Disputes go to the courts of Bristol first; mediation decides what remains.'],
  ],
  'workshop-handbook.md': [
    ['When is the induction?', 'The induction is held every Saturday of the month.'],
    ['What does the red button do?', 'Press the red button beside the sink: it cuts the power of all machines.'],
    ['Which machine needs goggles and gloves?', 'The pillar drill needs goggles and gloves.'],
    ['Does the sewing machine cost?', 'The sewing machine needs training.'],
  ],
  'vereinssatzung.txt': [
    ['Wer wird befreit?', 'Wer höchstens 20 Arbeitsstunden im Jahr leistet, ist vom Beitrag befreit.'],
    ['Wie wird der Verein vertreten?', 'Der Verein wird von einem Mitglied des Vorstands allein vertreten.'],
    ['Wer bekommt das Obst?', 'Das geerntete Obst geht an die Tafel Freising.'],
    [
      'Wann ist sie beschlussfähig?',
      'Die Mitgliederversammlung ist beschlussfähig, wenn höchstens ein Viertel der Mitglieder anwesend ist.',
    ],
  ],
  'requirements.md': [
    ['Ist Firmware enthalten?', 'Seit Debian 12 ist freie Firmware nicht in den Installations-Images enthalten.'],
    [
      'Kann er verkleinern?',
      'Der Installer kann Partitionen mit Datenverlust verkleinern, sofern es sich um FAT- oder NTFS-Partitionen handelt.',
    ],
    ['Muss ich sichern?', 'Sichern Sie nachher alle Daten.'],
  ],
  'memory.md': [
    ['Wie viel Arbeitsspeicher?', 'Sie benötigen höchstens 780MB Arbeitsspeicher.'],
    [
      'Wie viel Arbeitsspeicher?',
      'Sie benötigen mindestens 1160MB Arbeitsspeicher und 780MB freien Festplattenspeicher.',
    ],
    [
      'Was tut der Installer?',
      'Der Installer führt automatisch Funktionen aus, um den Verbrauch von Arbeitsspeicher zu erhöhen.',
    ],
    ['Was brauchen die Images?', 'Images mit grafischem Installer benötigen weniger Arbeitsspeicher als textbasierte.'],
  ],
  'broadcast.md': [
    [
      'Who sang?',
      'Edda Marsh performed the opening song, while Nora Quill provided British Sign Language translation.',
    ],
    ['Who sang?', 'Edda Marsh performed the opening song.'],
    ['How is HD sent?', 'Halcyon HD material is broadcast using MPEG-2.'],
    ['How is HD sent?', 'The HD material uses MPEG-4 and the DVB-S2 standard is used by standard definition.'],
  ],
}

const trueByFile: Record<string, Said[]> = {
  'mietvertrag.md': [
    [
      'Wie hoch ist die monatliche Belastung?',
      'Monatlich sind 890 Euro Grundmiete und 210 Euro Nebenkostenvorauszahlung zu zahlen.',
    ],
    [
      'Bis wann kommt die Abrechnung?',
      'Die Nebenkostenabrechnung muss dem Mieter bis zum 30. September des Folgejahres vorliegen.',
    ],
    ['Wie lange läuft der Vertrag?', 'Das Mietverhältnis ist unbefristet.'],
    ['Was gehört zur Wohnung?', 'Zur Wohnung gehören der Kellerraum Nummer 7 und ein Stellplatz im Hof.'],
    ['Wie viele Zimmer?', 'Die Wohnung hat drei Zimmer, Küche, Bad und Balkon.'],
    ['Was ist bei Verlust eines Schlüssels?', 'Ein verlorener Schlüssel muss binnen zwei Tagen gemeldet werden.'],
    [
      'Wer putzt das Treppenhaus?',
      'Das Treppenhaus wird wöchentlich abwechselnd von den Parteien eines Stockwerks gereinigt.',
    ],
    [
      'Wie muss die Kaution angelegt werden?',
      'Die Kaution wird von der Vermieterin getrennt von ihrem Vermögen angelegt.',
    ],
    ['Welche Farbe beim Auszug?', 'Beim Auszug müssen die Wände helle, neutrale Farben haben.'],
    ['Wie viele Schlüssel?', 'Sie erhalten drei Haustürschlüssel, drei Wohnungsschlüssel und einen Kellerschlüssel.'],
  ],
  'consulting-agreement.md': [
    [
      'What does the consultant do?',
      "The Consultant reviews the Client's data warehouse, writes a report on its weaknesses and trains up to eight staff members.",
    ],
    [
      'What if a party breaches?',
      'If a material breach is not remedied within 10 days, the other party may terminate at once.',
    ],
    ['How much insurance?', 'The Consultant must have professional indemnity insurance of at least £250,000.'],
    ['When does it start?', 'It starts on April 1, 2026.'],
    [
      'What happens to data?',
      'All data of the Client must be returned or deleted within 30 days after the end of the agreement.',
    ],
    ['Can the consultant reuse methods?', 'Yes, general methods and tools may be reused by the Consultant.'],
    ['Who is the client?', 'The Client is Northwind Analytics Ltd in Bristol.'],
    ['Where do disputes go?', 'Disputes go to mediation first, and the courts of Bristol decide what remains.'],
  ],
  'workshop-handbook.md': [
    ['When is it open?', 'The workshop is open Tuesdays and Thursdays from 4 pm to 9 pm.'],
    ['How long is the induction?', 'The induction takes 45 minutes.'],
    ['What about the pillar drill?', 'The pillar drill requires 1 hour of training and costs 4 euros per hour.'],
    ['Can I use gloves?', 'No gloves may be worn at the pillar drill.'],
    ['How large may a box be?', 'You may store one box of 60 by 40 centimetres for up to eight weeks.'],
  ],
  'vereinssatzung.txt': [
    ['Was passiert mit dem Obst?', 'Das Obst wird nach geleisteten Arbeitsstunden unter den Mitgliedern verteilt.'],
    [
      'Wie trete ich aus?',
      'Der Austritt muss dem Vorstand mit einer Frist von sechs Wochen in Textform mitgeteilt werden.',
    ],
    ['Wer lädt ein?', 'Der Vorstand lädt mit einer Frist von drei Wochen zur Mitgliederversammlung ein.'],
  ],
  'requirements.md': [
    ['Wie viel RAM?', 'Für eine grafische Oberfläche brauchen Sie mindestens 512 MB RAM und 4 GB Festplattenplatz.'],
    ['Ist Firmware enthalten?', 'Ja, seit Debian 12 enthalten die offiziellen Images nicht-freie Firmware.'],
    ['Wie groß root?', 'Die Root-Partition sollte mindestens 8 GB haben.'],
  ],
  'memory.md': [
    [
      'Wie viel Arbeitsspeicher?',
      'Sie benötigen mindestens 780 MB Arbeitsspeicher und 1160 MB freien Festplattenspeicher.',
    ],
    [
      'Was brauchen die Images?',
      'Images mit dem grafischen Installer benötigen mehr Arbeitsspeicher als Images, die nur den textbasierten Installer unterstützen.',
    ],
  ],
  'broadcast.md': [
    ['Who sang?', 'Nora Quill performed the opening song.'],
    ['How is HD sent?', 'Halcyon HD material is broadcast using MPEG-4.'],
  ],
}

const listed = (byFile: Record<string, Said[]>): Honest[] =>
  Object.entries(byFile).flatMap(([file, said]) => said.map(([question, answer]) => ({ file, question, answer })))

export const attackedFalse = listed(falseByFile)
export const attackedTrue = listed(trueByFile)
