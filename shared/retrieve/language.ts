import type { Language } from '../model/index.ts'
import { NEIGHBOURS } from './neighbours.ts'

/**
 * German, English or neither, by stop words, endings and letters; of a long text, by eight stretches of it from beginning to
 * end, for what comes first may be a licence or a letterhead in another language. Other languages have lists of their own, so
 * that what they share with German or English does not pass for it. A text without evidence is `other`, which is analysed
 * without stems; ties go to German when it has an umlaut.
 */
export function detectLanguage(text: string): Language {
  return tellLanguage(text) ?? 'other'
}

/** The same; undefined for a text that does not tell (figures, names, a few words), where `other` is another language for sure. */
export function tellLanguage(text: string): Language | undefined {
  let german = 0
  let english = 0
  let foreign = 0
  let otherScript = 0
  let words = 0
  const neighbours = NEIGHBOURS.map(() => 0)
  for (const [word] of sampleOf(text).matchAll(WORD)) {
    words++
    const lower = word.toLowerCase()
    if (FOREIGN_LETTER.test(lower)) foreign += 1
    if (OTHER_SCRIPT.test(lower)) otherScript += 1
    for (const [index, list] of NEIGHBOURS.entries()) if (list.has(lower)) neighbours[index]! += 1
    // "was" is a word of both; it opens German questions.
    if (lower === 'was') german += words === 1 ? 0.6 : 0
    else if (GERMAN.has(lower)) german += 1
    else if (ENGLISH.has(lower)) english += 1
    else if (GERMAN_LABELS.has(lower)) german += LABEL
    else if (ENGLISH_LABELS.has(lower)) english += LABEL
    // A name in an English sentence has umlauts too; a small letter says more.
    else if (UMLAUT.test(lower)) german += lower === word ? 0.5 : 0.3
    else if (GERMAN_ENDING.test(lower)) german += 0.25
    else if (ENGLISH_ENDING.test(lower)) english += 0.25
  }
  const best = Math.max(german, english)
  const other = Math.max(...neighbours) + FOREIGN * foreign
  // Running text of either language is 35-50 % function words; another language shares a few of them by accident.
  if (best >= 0.25 && best / words >= 0.06 && other <= best) return german >= english ? 'de' : 'en'
  // A name or two in a table are no other language.
  const evident = other > best && other >= EVIDENT && other / words >= 0.15
  return evident || otherScript > words / 2 ? 'other' : undefined
}

/** Stretches of a long text that are looked at, and the characters of each. */
const STRETCHES = 8
const STRETCH = 1000

function sampleOf(text: string): string {
  if (text.length <= STRETCHES * STRETCH) return text
  const step = (text.length - STRETCH) / (STRETCHES - 1)
  return Array.from({ length: STRETCHES }, (_, index) => {
    const from = Math.round(index * step)
    return text.slice(from, from + STRETCH)
  }).join('\n')
}

/** Words of another language, from which on it is one. */
const EVIDENT = 1.6
const WORD = /\p{L}[\p{L}\p{M}]*/gu
const UMLAUT = /[äöüß]/
// Letters that neither has, and pairs of them: of the Latin script, and all others.
const FOREIGN_LETTER = /[àâçèéêëîïôûœñóíáúùìòãõåæøýðþąćęłńśźżčďěňřšťůžőűğışțşăĺľŕœ]|ää|öö|yy|[^\p{Script=Latin}\p{M}]/u
const OTHER_SCRIPT = /[^\p{Script=Latin}\p{M}]/u
const FOREIGN = 0.6
const GERMAN_ENDING = /(?:ung|ungen|keit|heit|lich|lichen|liche|isch|ische|ischen|schaft|ieren|iert|tät|chen)$/
const ENGLISH_ENDING = /(?:tion|tions|ing|ness|ly|ment|ity|ies|ould|ought|ed)$/

const GERMAN = new Set(
  `der die das den dem des ein eine einen einem einer eines und oder aber nicht ist sind waren wird werden wurde wurden hat haben hatte
  mit von vom zu zum zur im auf für über unter durch bei beim nach aus auch als wie wenn dass sich sie er es ich wir ihr ihre seine sein
  dieser diese dieses kann können muss soll man nur noch wer wann wo warum weshalb wieso woher wohin worin woran worüber worauf womit wofür laut welche welcher welches welchen welchem viele viel einer
  zwischen gegen ohne bis seit am binnen sehr je beide alle wird hier dort damit dazu daher mein meine mir mich`.split(
    /\s+/,
  ),
)
const ENGLISH = new Set(
  `the of and to is are were be been has have had with for from by on at this that these those it its he she they their his her which who what
  when where why how not or but as if can could should would may must does did do you your we our my i many much there than into about
  between after before while within due per dear sir please regards yours sincerely no not all any each only under out up also`.split(
    /\s+/,
  ),
)

// What stands over the columns of tables and on forms and bills, where there are no sentences. Some are names as well.
const LABEL = 0.5
const GERMAN_LABELS = new Set(
  `rechnung rechnungsnummer betrag datum preis artikel menge summe gesamt gesamtbetrag anzahl stück zahlbar fällig tag tage tagen monat monate
  vorname nachname straße wohnort ort geburtsdatum anschrift telefon kunde kundennummer konto bemerkung bezeichnung einzelpreis`.split(
    /\s+/,
  ),
)
const ENGLISH_LABELS = new Set(
  `invoice amount total date price quantity order customer payment payable address day days month year street city
  remarks description subtotal balance`.split(/\s+/),
)
