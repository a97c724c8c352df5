import { stemWord } from './stem.ts'

/**
 * Words that stand for one another nearly everywhere, one meaning a line; words joined by "_" count only together. Few on purpose: a general
 * thesaurus of 230 lines a language was tried and changed the right paragraph's rank by nothing (German) or −0.2 points (English).
 */
const german = `
Arbeitsspeicher Hauptspeicher RAM
Kennwort Passwort Passphrase
Computer Rechner PC
Befehl Kommando
Auslagerungsspeicher Swap Auslagerungsdatei
Festplatte Platte
grafische_Oberfläche grafische_Benutzeroberfläche Desktop Arbeitsumgebung
abschalten ausschalten deaktivieren abstellen
einschalten aktivieren anschalten
löschen entfernen
Mobiltelefon Handy Smartphone
Arzt Mediziner
Auto PKW
Lohn Gehalt Vergütung
Miete Mietzins
mindestens wenigstens minimal
höchstens maximal
Ehefrau Gattin
Ehemann Gatte
verwenden benutzen nutzen
starten hochfahren booten
`
const english = `
memory RAM
password passphrase
computer machine PC
graphical_interface desktop
disable deactivate
enable activate
delete remove erase
car automobile
doctor physician
film movie
salary wage pay
minimum least
begin start
finish end
big large
author writer
country nation
company firm business
`

/** For each term of a question the terms that may stand in its place. */
export function synonymsIn(terms: readonly string[], language: 'de' | 'en'): { of: string; term: string }[] {
  const asked = new Set(terms)
  const found: { of: string; term: string }[] = []
  for (const meaning of meanings[language])
    for (const expression of meaning) {
      if (!expression.every(term => asked.has(term))) continue
      for (const other of meaning) {
        // An expression of several words would have to be found as a whole.
        if (other === expression || other.length > 1) continue
        for (const of of expression) found.push({ of, term: other[0]! })
      }
    }
  return found
}

const parse = (list: string, language: 'de' | 'en'): string[][][] =>
  list
    .trim()
    .split('\n')
    .map(line => line.split(' ').map(expression => expression.split('_').map(word => stemWord(word, language))))

// Computed once, from constants.
const meanings = { de: parse(german, 'de'), en: parse(english, 'en') }
