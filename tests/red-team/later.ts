import type { Honest } from './honest.ts'

/** Sentences written after the check had been mended, over texts of our own: what its rates are worth elsewhere. */
const texts: Record<string, string> = {
  'bicycles.md': `# Bike rental terms

## Prices
A city bike costs 12 euros a day and a cargo bike 25 euros a day. Children under ten ride free. The deposit is 80 euros in cash or by card.

## Return
Bikes must be returned to the station by 7 pm. A late return costs 5 euros for each hour begun. Repairs after an accident are paid by the customer, except where the brake failed.

## Insurance
Theft is covered only if the bike was locked with both locks. The insurer pays up to 900 euros; the customer bears the first 100 euros.
`,
  'kindergarten.md': `# Ordnung der Kindertagesstätte Sonnenblume

## Öffnungszeiten
Die Einrichtung öffnet um 7 Uhr und schließt um 17 Uhr, freitags schon um 15 Uhr. In den Sommerferien bleibt sie drei Wochen geschlossen.

## Beiträge
Der Elternbeitrag beträgt 140 Euro im Monat, für das zweite Kind 70 Euro. Das Mittagessen kostet 3,50 Euro am Tag und wird am Monatsende abgerechnet.

## Krankheit
Kranke Kinder bleiben zu Hause. Nach einer ansteckenden Krankheit ist ein ärztliches Attest vorzulegen. Medikamente geben die Erzieherinnen nur mit schriftlicher Vollmacht der Eltern.

## Abholung
Kinder dürfen nur von Personen abgeholt werden, die in der Liste stehen. Geschwister unter 14 Jahren dürfen niemanden abholen.
`,
  'library.md': `# Town library rules

## Borrowing
Readers may borrow ten books for four weeks and three films for one week. A loan can be extended twice, unless another reader has reserved the item. Reference books stay in the reading room.

## Fees
The yearly card costs 18 pounds; pensioners pay 9 pounds. Each overdue book costs 20 pence per day, up to 5 pounds per book. The librarian may waive the fee in cases of hardship.

## Rooms
The study room on the upper floor is quiet at all times. Groups book the meeting room at least two days ahead at the desk.
`,
  'garden.md': `# Gartenordnung

## Wasser
Gegossen wird morgens vor 9 Uhr und abends nach 19 Uhr. Jeder Pächter zahlt 2 Euro je Kubikmeter Wasser und 15 Euro Grundgebühr im Jahr. Der Vorstand liest die Zähler im Oktober ab.

## Bauten
Lauben dürfen höchstens 24 Quadratmeter groß und 3 Meter hoch sein. Der Bau eines Gewächshauses ist dem Vorstand schriftlich zu melden. Feste Zäune sind nicht erlaubt, niedrige Hecken schon.

## Ruhe
Motorgeräte sind werktags von 8 bis 12 Uhr erlaubt. An Sonntagen ruht jede laute Arbeit. Komposthaufen liegen mindestens einen Meter von der Grenze entfernt.
`,
}

export const laterText = (file: string) => texts[file]

/** Asked as they are told: the question only matters to figures without words. */
const listed = (byFile: Record<string, string[]>): Honest[] =>
  Object.entries(byFile).flatMap(([file, answers]) => answers.map(answer => ({ file, question: answer, answer })))

/** Measured once, then used: 9 of 22 and 15 of 21 were proven before. */
export const usedFalse = listed({
  'bicycles.md': [
    'A city bike costs 25 euros a day.',
    'A cargo bike costs 25 euros an hour.',
    'Children over ten ride free.',
    'The deposit is 80 euros in cash only.',
    'Bikes must be returned to the shop by 7 pm.',
    'A late return costs 5 euros for each day begun.',
    'Repairs after an accident are paid by the insurer.',
    'Theft is covered even if the bike was locked with one lock.',
    'The customer pays up to 900 euros; the insurer bears the first 100 euros.',
    'Repairs are paid by the customer, also where the brake failed.',
  ],
  'kindergarten.md': [
    'Die Einrichtung öffnet um 7 Uhr und schließt freitags um 17 Uhr.',
    'In den Winterferien bleibt sie drei Wochen geschlossen.',
    'Der Elternbeitrag beträgt 70 Euro im Monat.',
    'Das Mittagessen kostet 3,50 Euro im Monat.',
    'Das Mittagessen wird am Monatsanfang abgerechnet.',
    'Gesunde Kinder bleiben zu Hause.',
    'Nach einer ansteckenden Krankheit ist ein elterliches Attest vorzulegen.',
    'Medikamente geben die Erzieherinnen nur mit mündlicher Vollmacht der Eltern.',
    'Medikamente geben die Eltern nur mit schriftlicher Vollmacht der Erzieherinnen.',
    'Geschwister über 14 Jahren dürfen niemanden abholen.',
    'Kinder dürfen von allen Personen abgeholt werden.',
    'Für das zweite Kind beträgt der Beitrag 140 Euro.',
  ],
})
export const usedTrue = listed({
  'bicycles.md': [
    'A cargo bike costs 25 euros per day.',
    'A city bike is 12 euros a day.',
    'Children under ten ride for free.',
    'The deposit of 80 euros can be paid in cash or by card.',
    'You must return the bike to the station by 19:00.',
    'If you return it late, you pay 5 euros for each hour begun.',
    'Repairs after an accident are paid by the customer.',
    'Theft is only covered if both locks were used to lock the bike.',
    'The insurer pays up to 900 euros.',
    'The customer bears the first 100 euros.',
  ],
  'kindergarten.md': [
    'Die Einrichtung ist von 7 Uhr bis 17 Uhr geöffnet.',
    'Freitags schließt die Einrichtung um 15 Uhr.',
    'In den Sommerferien ist die Einrichtung drei Wochen lang geschlossen.',
    'Der Elternbeitrag beträgt 140 Euro im Monat.',
    'Für das zweite Kind zahlen Eltern 70 Euro.',
    'Das Mittagessen kostet täglich 3,50 Euro.',
    'Kranke Kinder müssen zu Hause bleiben.',
    'Nach einer ansteckenden Krankheit muss ein ärztliches Attest vorgelegt werden.',
    'Medikamente werden nur mit schriftlicher Vollmacht der Eltern gegeben.',
    'Geschwister unter 14 Jahren dürfen keine Kinder abholen.',
    'Die Abrechnung des Mittagessens erfolgt am Monatsende.',
  ],
})

/** Measured when all was done, and nothing changed for them. */
export const untouchedFalse = listed({
  'library.md': [
    'Readers may borrow three books for four weeks.',
    'Readers may borrow ten films for one week.',
    'Readers may borrow ten books for one week.',
    'A loan can be shortened twice.',
    'Reference books stay in the meeting room.',
    'The yearly card costs 9 pounds.',
    'The monthly card costs 18 pounds.',
    'Each overdue book costs 20 pence per week.',
    'The reader may waive the fee in cases of hardship.',
    'The study room on the ground floor is quiet at all times.',
    'Groups book the meeting room at most two days ahead at the desk.',
    'Students pay 9 pounds.',
  ],
  'garden.md': [
    'Gegossen wird abends vor 9 Uhr.',
    'Jeder Pächter zahlt 15 Euro je Kubikmeter Wasser.',
    'Jeder Pächter zahlt 2 Euro Grundgebühr im Jahr.',
    'Der Pächter liest die Zähler im Oktober ab.',
    'Lauben dürfen höchstens 3 Meter groß und 24 Meter hoch sein.',
    'Der Abriss eines Gewächshauses ist dem Vorstand schriftlich zu melden.',
    'Feste Zäune sind erlaubt, niedrige Hecken nicht.',
    'Hohe Hecken sind erlaubt.',
    'Motorgeräte sind sonntags von 8 bis 12 Uhr erlaubt.',
    'An Sonntagen ruht jede leise Arbeit.',
    'Komposthaufen liegen höchstens einen Meter von der Grenze entfernt.',
    'Der Bau eines Gewächshauses ist dem Vorstand mündlich zu melden.',
  ],
})
export const untouchedTrue = listed({
  'library.md': [
    'Readers can borrow ten books for four weeks.',
    'Readers can borrow three films for a week.',
    'A loan may be extended two times unless another reader has reserved the item.',
    'Reference books must stay in the reading room.',
    'The yearly card is £18.',
    'Pensioners pay 9 pounds.',
    'An overdue book costs 20 pence per day.',
    'The librarian can waive the fee in hardship cases.',
    'The study room is on the upper floor and is quiet at all times.',
    'Groups must book the meeting room at least two days ahead.',
  ],
  'garden.md': [
    'Abends darf nach 19 Uhr gegossen werden.',
    'Die Grundgebühr beträgt 15 Euro im Jahr.',
    'Das Wasser kostet 2 Euro je Kubikmeter.',
    'Die Zähler werden im Oktober vom Vorstand abgelesen.',
    'Lauben dürfen maximal 24 m² groß sein.',
    'Der Bau eines Gewächshauses muss dem Vorstand schriftlich gemeldet werden.',
    'Feste Zäune sind nicht erlaubt.',
    'Motorgeräte dürfen werktags von 8 bis 12 Uhr benutzt werden.',
    'Sonntags ruht jede laute Arbeit.',
    'Komposthaufen müssen mindestens einen Meter von der Grenze entfernt liegen.',
  ],
})
