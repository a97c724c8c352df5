import type { Language } from '../model/index.ts'
import { NEIGHBOURS } from './neighbours.ts'

/**
 * German, English or neither, by stop words, endings and letters, read from at most the first 4,000 characters. Other
 * languages have lists of their own, so that what they share with German or English does not pass for it.
 * A text of a few words without evidence is `other`, which is analysed without stems; ties go to German when it has an umlaut.
 */
export function detectLanguage(text: string): Language {
  const sample = text.length > SAMPLE ? text.slice(0, SAMPLE) : text
  let german = 0
  let english = 0
  let foreign = 0
  let words = 0
  const neighbours = NEIGHBOURS.map(() => 0)
  for (const [word] of sample.matchAll(WORD)) {
    words++
    const lower = word.toLowerCase()
    if (FOREIGN_LETTER.test(lower)) foreign += 1
    for (const [index, list] of NEIGHBOURS.entries()) if (list.has(lower)) neighbours[index]! += 1
    // "was" is a word of both; it opens German questions.
    if (lower === 'was') german += words === 1 ? 0.6 : 0
    else if (GERMAN.has(lower)) german += 1
    else if (ENGLISH.has(lower)) english += 1
    // A name in an English sentence has umlauts too; a small letter says more.
    else if (UMLAUT.test(lower)) german += lower === word ? 0.5 : 0.3
    else if (GERMAN_ENDING.test(lower)) german += 0.25
    else if (ENGLISH_ENDING.test(lower)) english += 0.25
  }
  if (words === 0) return 'other'
  const best = Math.max(german, english)
  const other = Math.max(...neighbours) + FOREIGN * foreign
  // Running text of either language is 35-50 % function words; another language shares a few of them by accident.
  if (best < 0.25 || best / words < 0.06 || other > best) return 'other'
  return german >= english ? 'de' : 'en'
}

const SAMPLE = 4000
const WORD = /\p{L}[\p{L}\p{M}]*/gu
const UMLAUT = /[äöüß]/
// Letters that neither has: of the Latin script, and all others.
const FOREIGN_LETTER = /[àâçèéêëîïôûœñóíáúùìòãõåæøýðþąćęłńśźżčďěňřšťůžőűğışțşăĺľŕœ]|[^\p{Script=Latin}\p{M}]/u
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
