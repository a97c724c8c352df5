import type { Language } from '../model/index.ts'
import { stemWord } from './stem.ts'

/**
 * Everyday words that manuals, contracts and letters use for one another; a line is one meaning. Only words that can stand for one
 * another in most contexts: a wrong synonym costs more than a missing one. Ours, written for general office and computer language.
 */
const german = `
Arbeitsspeicher Hauptspeicher RAM
Kennwort Passwort Passphrase
Computer Rechner PC
Befehl Kommando
Auslagerungsspeicher Swap Auslagerungsdatei
Festplatte Platte
Oberfläche Desktop Arbeitsumgebung
Datei Dokument
Programm Anwendung Software
abschalten ausschalten deaktivieren abstellen
einschalten aktivieren
löschen entfernen
Fehler Störung
Gerät Apparat
Miete Mietzins Kaltmiete

Kosten Preis Gebühr
Lohn Gehalt Vergütung
Arbeitgeber Betrieb
Arzt Mediziner
Auto Wagen Fahrzeug PKW
Handy Mobiltelefon Smartphone
Ehefrau Gattin
Ehemann Gatte
Start Beginn Anfang
Ende Schluss
Wohnung Unterkunft
Kunde Auftraggeber
Rechnung Faktura
Frist Zeitraum Dauer
kündigen Kündigung
Menge Anzahl Zahl
Gesetz Vorschrift
`
const english = `
memory RAM
password passphrase
computer machine PC
command instruction
disk drive
delete remove erase
disable deactivate
enable activate
begin start
finish end
car vehicle automobile
doctor physician
salary wage pay
rent lease
cost price fee
film movie
company firm business
number amount
author writer
country nation
big large
`

function groups(list: string, language: 'de' | 'en'): Map<string, string[]> {
  const index = new Map<string, string[]>()
  for (const line of list.trim().split('\n')) {
    const stems = [...new Set(line.split(' ').map(word => stemWord(word, language)))]
    for (const stem of stems) index.set(stem, [...(index.get(stem) ?? []), ...stems.filter(other => other !== stem)])
  }
  return index
}

// Computed once from the constants above.
const synonyms = { de: groups(german, 'de'), en: groups(english, 'en') }

export function synonymsOf(term: string, language: Language): { term: string }[] {
  return language === 'other' ? [] : (synonyms[language].get(term) ?? []).map(synonym => ({ term: synonym }))
}
