import type { Language } from '../model/index.ts'
import { analyze, isStopWord } from '../retrieve/analyze.ts'
import { foldWord } from '../retrieve/fold.ts'
import { relatedForms } from '../retrieve/irregular.ts'
import { rootOf } from '../retrieve/morphology.ts'
import { stemWord } from '../retrieve/stem.ts'
import { synonymsIn } from '../retrieve/synonyms.ts'
import { type Figure, figuresOf, unitOf } from './figures.ts'

/** What a sentence says, as far as code can tell: words, figures, names, and whether it says no. */
export interface Claim {
  text: string
  words: ClaimWord[]
  figures: Figure[]
  /** Proper names, as written. */
  names: string[]
  clauses: Clause[]
}

export interface ClaimWord {
  text: string
  term: string
  start: number
  end: number
  /** Says little by itself ("beträgt", "according"): its absence proves nothing. */
  light: boolean
}

/** From … to, exclusive, in the claim's text. */
export interface Clause {
  start: number
  end: number
  /** "nicht", "never", "verboten": each turns the sense round. */
  negations: number
  /** Words that "kein", "ohne", "no", "without" deny. */
  denied: string[]
}

export function claimOf(text: string, language: Language): Claim {
  const figures = figuresOf(text, language)
  const inFigure = (start: number) => figures.some(figure => start >= figure.start && start < figure.end)
  const words: ClaimWord[] = []
  for (const token of analyze(text, language)) {
    if (token.kind === 'number' || token.kind === 'part' || inFigure(token.start)) continue
    const word = text.slice(token.start, token.end)
    if (NEGATED.test(word) || unitOf(word) !== undefined) continue
    const { term, start, end } = token
    const light = LIGHT.has(term) || (figures.length > 0 && LIGHT_BESIDE_FIGURES.has(term))
    words.push({ text: word, term, start, end, light })
  }
  return { text, words, figures, names: namesOf(text, language), clauses: clausesOf(text, language) }
}

/**
 * How surely two terms mean the same, 0 to 1: the same word, its family, a synonym, or a compound and its half. Shared beginnings
 * that only look alike ("Mieter", "Vermieter") are not.
 */
export function kinship(a: string, b: string, language: Language): number {
  if (a === b) return 1
  const [one, other] = [kinOf(a, language), kinOf(b, language)]
  if (!one || !other) return 0
  if (one.root === other.root && one.root.length >= 4) return 0.9
  if (one.forms.has(b) || other.forms.has(a)) return 0.9
  if (one.synonyms.has(b)) return 0.8
  const [short, long, root] = a.length < b.length ? [a, b, one.root] : [b, a, other.root]
  const stem = root.length >= 4 ? root : short
  if (stem.length < 4) return 0
  if (language === 'en') return long.length <= short.length + 4 && long.startsWith(short) ? 0.7 : 0
  if (long.endsWith(short)) return PREFIX.test(long.slice(0, -short.length)) ? 0 : 0.8
  return long.startsWith(stem) ? 0.7 : 0
}

interface Kin {
  root: string
  forms: ReadonlySet<string>
  synonyms: ReadonlySet<string>
}

/** Relatives of terms, since each is compared with all others: 13 ms a sentence without it. Emptied when full (about 3 MB). */
const KIN_LIMIT = 10_000
const kin: Record<Language, Map<string, Kin | undefined>> = { de: new Map(), en: new Map(), other: new Map() }

/** Undefined for what is no word, and for the shortest ones. */
function kinOf(term: string, language: Language): Kin | undefined {
  const known = kin[language]
  const cached = known.get(term)
  if (cached !== undefined || known.has(term)) return cached
  if (known.size >= KIN_LIMIT) known.clear()
  const word = term.length >= 3 && /^[a-zäöüß]+$/.test(term)
  const value = word
    ? {
        root: rootOf(term),
        forms: new Set(relatedForms(term, language)),
        synonyms: new Set(language === 'other' ? [] : synonymsIn([term], language).map(synonym => synonym.term)),
      }
    : undefined
  known.set(term, value)
  return value
}

/** Where a sentence may be cut so that each part says something of its own. */
function clausesOf(text: string, language: Language): Clause[] {
  const cuts = [0, ...[...text.matchAll(CLAUSE)].map(match => match.index), text.length]
  return cuts.slice(1).map((end, at) => ({ start: cuts[at], end, ...negationIn(text.slice(cuts[at], end), language) }))
}

function negationIn(text: string, language: Language): Pick<Clause, 'negations' | 'denied'> {
  const plain = text.replace(/^\W*(?:nein|no|ja|yes),/i, ' ').replaceAll(/\b(?:nicht nur|not only)\b/gi, ' ')
  const denied: string[] = []
  for (const match of plain.matchAll(DENIES)) {
    const next = analyze(plain.slice(match.index + match[0].length), language).find(token => token.kind !== 'part')
    if (next) denied.push(next.term)
  }
  return { negations: plain.match(NEGATES)?.length ?? 0, denied }
}

/** Acronyms, names with a title, neighbouring capitals; in English every capital inside the sentence. */
function namesOf(text: string, language: Language): string[] {
  const names = new Set<string>()
  let previous: { text: string; end: number; capital: boolean } | undefined
  for (const match of text.matchAll(WORD)) {
    const word = match[0].replace(/['’]s?$/, '')
    const first = match.index === 0 || /(?:^|[.!?:]["”“»«]?\s+|[•–-]\s+)["„“»«(]*$/.test(text.slice(0, match.index))
    const common = COMMON.test(word) || unitOf(word) !== undefined || MONTH.test(word)
    const capital = /^\p{Lu}/u.test(word) && !common && !(first && isStopWord(word.toLowerCase(), language))
    const neighbour = previous?.capital === true && text.slice(previous.end, match.index) === ' '
    if (/^\p{Lu}{2,}\d*$|\p{Ll}\p{Lu}/u.test(word)) names.add(word)
    else if (capital && language === 'en' && (!first || word.includes('-'))) names.add(word)
    else if (capital && previous && TITLE.test(previous.text)) names.add(word)
    else if (capital && neighbour && language !== 'en' && previous) {
      names.add(word)
      names.add(previous.text)
    }
    if (capital && neighbour && language === 'en' && previous) names.add(previous.text)
    previous = { text: word, end: match.index + match[0].length, capital }
  }
  return [...names]
}

/** Does one of these folded words stand for the name? A German genitive ends in s. */
export function holdsName(name: string, words: ReadonlySet<string>): boolean {
  const folded = foldWord(name, false)
  return words.has(folded) || words.has(folded.replace(/s$/, '')) || words.has(`${folded}s`)
}

export const foldedWords = (text: string) =>
  new Set([...text.matchAll(WORD)].map(([word]) => foldWord(word.replace(/['’]s?$/, ''), false)))

/** Turned round by what looks like the first half of a compound. */
const PREFIX =
  /^(?:un|ver|be|ent|er|zer|miss|vor|nach|ab|an|auf|aus|ein|ge|in|mit|um|zu|wider|gegen|nicht|anti|re|dis|non|ueber|uber|unter)$/
const WORD = /\p{L}[\p{L}\p{M}\p{N}]*(?:['’-]\p{L}+)*/gu
const CLAUSE = /[;:,–—]\s|\s(?=(?:aber|sondern|während|außer|but|while|whereas|except|unless)\s)/giu
const NEGATES =
  /(?<!\p{L})(?:nicht|nie|niemals|nirgends|weder|keinesfalls|keineswegs|niemand|verboten\p{L}*|verbietet|verbot|untersagt\p{L}*|unzulässig\p{L}*|unerlaubt|ausgeschlossen|not|cannot|never|neither|nor|nobody|forbidden|forbids|prohibit(?:ed|s)?|banned|(?:is|are|was|were|do|does|did|ca|wo|would|should|could|must|has|have|had)n['’]t)(?!\p{L})/giu
const DENIES = /(?<!\p{L})(?:kein(?:e[nrsm]?)?|ohne|no|without)(?!\p{L})/giu
const NEGATED =
  /^(?:nicht|nie|niemals|weder|kein\p{L}*|ohne|verboten\p{L}*|verbot|untersagt\p{L}*|unzulässig\p{L}*|never|without|neither|forbidden|prohibit\p{L}*|banned)$/iu
const TITLE = /^(?:Herrn?|Frau|Dr|Prof|Mr|Mrs|Ms|Miss)$/
const MONTH =
  /^(?:Januar|Februar|März|April|Mai|Juni|Juli|August|September|Oktober|November|Dezember|January|February|March|May|June|July|October|December|Montag|Dienstag|Mittwoch|Donnerstag|Freitag|Samstag|Sonntag|Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)s?$/
const COMMON = /^(?:I|Sie|Ihr|Ihre[nrsm]?|Ihnen|Ende|Anfang|Mitte|Beginn|Absatz|Abs|Nr|Art|Uhr|Source|Quelle)$/
const light = {
  de: `betragen beträgt betrug liegen liegt lag geben gibt machen macht gelten gilt kosten kostet kostete belaufen beläuft heißen heißt
    lauten lautet bekommen bekommt erhalten erhält bestehen besteht befinden befindet stehen steht stattfinden sollen müssen können dürfen
    erforderlich nötig notwendig möglich Höhe Betrag Summe Dauer Anzahl Zeitraum laut gemäß Quelle Quellen Dokument Dokumente Text Angabe
    Angaben folgend folgende zudem außerdem somit jeweils insgesamt zusätzlich dazu bereits genau etwa rund circa ca spätestens hinaus darüber
    sowohl beziehungsweise sodass wobei Frage Antwort weitere betreffend bezüglich vorgesehen festgelegt genannt angegeben beachten Fall Rahmen
    brauchen braucht benötigt benötigen sein gehört dafür hierfür Person Personen Beispiel Beispiele beispielsweise Euro pro wird darf innerhalb
    stündlich täglich wöchentlich monatlich jährlich`,
  en: `amount amounts is equal cost costs get gets receive receives have has include includes including according source sources document
    documents text states state says say mention mentioned stated following also additionally therefore thus total about approximately
    per within required need needs needed necessary possible allowed must set specified given provide provides provided case question answer
    furthermore moreover example instance mean means however both located there take takes make makes made use used well hourly daily
    weekly monthly yearly annually`,
}
const LIGHT = new Set(
  (['de', 'en'] as const).flatMap(language => light[language].split(/\s+/).map(word => stemWord(word, language))),
)
/** "Zahlen 36 Euro" says what "beträgt 36 Euro" says; without a figure it is all the sentence says. */
const LIGHT_BESIDE_FIGURES = new Set([
  ...['zahlen', 'zahlt', 'gezahlt', 'bezahlt', 'bezahlen'].map(word => stemWord(word, 'de')),
  ...['pay', 'pays', 'paid'].map(word => stemWord(word, 'en')),
])
