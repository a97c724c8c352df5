import { expect, it } from 'vitest'
import { detectLanguage, tellLanguage } from './language.ts'

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

// Chunks as they come: short, and of languages that share words or endings with German and English.
it.each([
  ['Die Kündigungsfrist beträgt drei Monate zum Quartalsende.', 'de'],
  ['Heizkostenabrechnung 2023', 'de'],
  ['Kaution überweisen', 'de'],
  ['Rechnung Nr. 4711 vom 3. März 2024', 'de'],
  ['Sehr geehrte Damen und Herren,', 'de'],
  ['Mit freundlichen Grüßen', 'de'],
  ['Vorauszahlungen werden jährlich abgerechnet; Nachzahlung binnen vier Wochen.', 'de'],
  ['Kaltmiete 1.845,00 € Fällig am 3. Werktag', 'de'],
  ['Vermieter haftet für Mängel.', 'de'],
  ['Öffnungszeiten Montag bis Freitag', 'de'],
  ['The notice period is three months.', 'en'],
  ['Invoice no. 4711 of March 3, 2024', 'en'],
  ['Dear Sir or Madam,', 'en'],
  ['Payment due within thirty days', 'en'],
  ['Opening hours Monday to Friday', 'en'],
  ['Kind regards', 'en'],
  ['Installing the software requires administrator rights.', 'en'],
  ['Le café est fermé à cause de la grève des transports.', 'other'],
  ['Conditions générales de vente et de livraison', 'other'],
  ['Le contrat est conclu pour une durée de trois ans.', 'other'],
  ["L'installation de la station se fait sur la position de communication.", 'other'],
  ['Information sur la protection des données', 'other'],
  ['Umowa najmu lokalu użytkowego została zawarta na czas nieokreślony.', 'other'],
  ['Wynajmujący oddaje najemcy lokal do używania, a on zobowiązuje się płacić czynsz.', 'other'],
  ['Kira sözleşmesi üç yıl süreyle yapılmıştır.', 'other'],
  ['Kiracı kirayı her ayın üçüncü iş gününe kadar öder. Bu süre için faiz alınmaz.', 'other'],
  ['Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor.', 'other'],
  ['Gallia est omnis divisa in partes tres, quarum unam incolunt Belgae.', 'other'],
  ['Договор аренды заключён на три года.', 'other'],
  ['Η σύμβαση μίσθωσης συνάπτεται για τρία έτη.', 'other'],
  ['El contrato de arrendamiento tiene una duración de tres años.', 'other'],
  ['Il contratto di locazione ha una durata di tre anni e non può essere disdetto.', 'other'],
  ['De huurder betaalt de huur voor de derde werkdag van de maand.', 'other'],
  ['Het is een van de beste in de stad en wordt door veel mensen bezocht.', 'other'],
  ['Hyresgästen betalar hyran i förskott senast den tredje vardagen.', 'other'],
  ['Lejeren betaler lejen forud og er ansvarlig for skader.', 'other'],
  ['O inquilino paga a renda no início do mês.', 'other'],
  ['Nájemce platí nájem předem do třetího pracovního dne.', 'other'],
  ['Vuokralainen maksaa vuokran etukäteen kuukauden alussa.', 'other'],
  ['A bérlő a bérleti díjat előre fizeti minden hónap elején.', 'other'],
  ['Chiriașul plătește chiria în avans, cel târziu în a treia zi lucrătoare.', 'other'],
  ['Der Server wirft einen Timeout, wenn das Update nicht installiert ist.', 'de'],
  ['Please contact Müller & Söhne GmbH in Köln for details.', 'en'],
  ['Rechnung Nr. 4711 Datum 1.1.2024 Betrag 120 EUR Zahlbar innerhalb 14 Tagen', 'de'],
  ['Artikel Preis Datum\nSchraube 12,50 01.02.2024\nMutter 3,00 02.02.2024', 'de'],
  ['Name Vorname Geburtsdatum Wohnort', 'de'],
  ['Total amount', 'en'],
  ['Invoice No. 4711 Date Amount Payable within 14 days', 'en'],
  ['Sopimus päättyy vuoden lopussa. Vuokralainen maksaa vuokran.', 'other'],
])('a chunk: %s', (text, language) => expect(detectLanguage(text)).toBe(language))

// Of a chunk, the document's language is assumed where it does not tell, but not where it is another one.
it.each([
  ['4584 1316 5900', undefined],
  ['Café Müller, Curaçao', undefined],
  ['Pumpe 120 € Rohr 12 €', undefined],
  ['DN 50 / PN 16, α = 3°', undefined],
  ['Le locataire doit payer les loyers avant la fin du mois et respecter les règlements.', 'other'],
  ['賃貸契約書', 'other'],
  ['Договор аренды', 'other'],
  ['Der Mieter zahlt die Miete.', 'de'],
])('told for sure: %s', (text, language) => expect(tellLanguage(text)).toBe(language))

it('a long text is looked at from beginning to end', () => {
  const licence = 'The tenant shall pay the rents within three days after receiving the invoice. '.repeat(60)
  const german = 'Der Mieter zahlt die Miete bis zum dritten Werktag des Monats. '
  expect(detectLanguage(licence + german.repeat(250))).toBe('de')
  expect(detectLanguage(german.repeat(8) + licence)).toBe('en')
})
