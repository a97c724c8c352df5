import type { Language } from '../model/index.ts'
import { differentNouns } from '../retrieve/nouns.ts'
import { type Claim, type ClaimWord, kinship } from './claim.ts'
import type { GroundSentence } from './ground.ts'

/** Two words of one meaning, for the purpose of this file: family, synonym or compound. */
const SAME = 0.7

interface Stretch {
  start: number
  end: number
}

/**
 * Does a sentence say what its quote says, and not nearly that? A word it adds may pass; a word that stands where the quote has another
 * one was exchanged, however well the rest fits, and so was a period, an order, a side or an exception.
 */
export function agrees(
  stretch: Stretch,
  claim: Claim,
  { claim: quote, previous, context, row }: GroundSentence,
  language: Language,
): boolean {
  const said = claim.text.slice(Math.max(0, stretch.start), stretch.end)
  const around = [previous?.claim.text, context.text].join('\n')
  if (!sameRelations(said, quote.text, around) || !sameOrder(said, quote.text)) return false
  if (!sameComparisons(said, quote.text)) return false
  if (!sameDenials(said, quote.text) || (row && deniedByRow(stretch, claim, quote, context, language))) return false
  const halves = stretchesOf(quote.text)
  const explaining = [...context.words, ...(previous?.claim.words ?? [])]
  const explained = (word: ClaimWord) => explaining.some(other => same(word, other, language))
  return stretchesOf(claim.text).every(half => {
    // What stands in the head of a table stands in none of its rows.
    const words = speaking(claim.words, half).filter(
      word => !row || !context.words.some(other => same(word, other, language)),
    )
    const shared = halves.map(other => {
      const others = speaking(quote.words, other)
      return words.filter(word => others.some(other => same(word, other, language))).length
    })
    const most = Math.max(...shared)
    const other = halves[shared.indexOf(most)]
    return (
      most === 0 ||
      !exchanges({ claim, quote, words, others: speaking(quote.words, other), language, stretch, explained })
    )
  })
}

const isInside = (thing: { start: number }, { start, end }: Stretch) => thing.start >= start && thing.start < end
const speaking = (words: readonly ClaimWord[], within?: Stretch) =>
  words.filter(
    ({ text, light, start }) =>
      !light && start >= 0 && !PLAIN_VERBS.has(text.toLowerCase()) && (!within || isInside({ start }, within)),
  )
const same = (one: ClaimWord, other: ClaimWord, language: Language) =>
  (kinship(one.term, other.term, language) >= SAME && !differentNouns(one.text, other.text)) ||
  (language === 'de' && (derived(one.term, other.term) || derived(other.term, one.term)))

/** "Abwechselnd" of "Wechsel", but not "Vermieter" of "Mieter". */
function derived(long: string, short: string): boolean {
  const prefix = short.length >= 6 && /^(?:ab|an|auf|be|ge|mit)/.exec(long)?.[0]
  return prefix ? long.slice(prefix.length).startsWith(short) : false
}

/** Halves of a sentence that say two things of two subjects. */
function stretchesOf(text: string): Stretch[] {
  const cuts = [0, ...[...text.matchAll(HALVES)].map(match => match.index), text.length]
  return cuts.slice(1).map((end, at) => ({ start: cuts[at], end }))
}

interface Aligned {
  claim: Claim
  quote: Claim
  words: readonly ClaimWord[]
  others: readonly ClaimWord[]
  language: Language
  /** Only words in here can have been exchanged. */
  stretch: Stretch
  /** Does what stands around the quote say the word? */
  explained: (word: ClaimWord) => boolean
}

/** Is there a word without a counterpart in both texts, beside the same neighbour? */
function exchanges({ claim, quote, words, others, language, stretch, explained }: Aligned): boolean {
  const partners = words.map(word => others.flatMap((other, at) => (same(word, other, language) ? [at] : [])))
  const free = others.map(other => !words.some(word => same(word, other, language)))
  return words.some((word, at) => {
    if (partners[at].length > 0 || word.start < stretch.start || word.start >= stretch.end) return false
    let before = at
    while (before >= 0 && partners[before].length === 0) before--
    let after = at
    while (after < words.length && partners[after].length === 0) after++
    const inItsPlace = (anchor: number, step: 1 | -1) => {
      const other = others[anchor + step]
      if (!free[anchor + step]) return false
      const from = step > 0 ? [others[anchor].end, other.start] : [other.end, others[anchor].start]
      const place = { start: from[0], end: from[1] }
      // A figure between them is the nearer neighbour.
      const here =
        step > 0 ? { start: words[before].end, end: word.start } : { start: word.end, end: words[after].start }
      const figured = ({ figures }: Claim, within: Stretch) => figures.some(figure => isInside(figure, within))
      if (figured(quote, place) && !figured(claim, here)) return false
      // "Schüler und Studierende": a claim may speak of one of the two.
      if (JOINED.test(quote.text.slice(place.start, place.end)) && !JOINED.test(lead(claim, words, at))) return false
      const [one, two] = [prepositionIn(lead(claim, words, at)), prepositionIn(lead(quote, others, anchor + step))]
      return !(one && two && one !== two && explained(word))
    }
    const follows = (partners[before] ?? []).some(anchor => inItsPlace(anchor, 1))
    return follows || (partners[after] ?? []).some(anchor => inItsPlace(anchor, -1))
  })
}

/** What stands between a word and the one before it. */
const lead = ({ text }: Claim, words: readonly ClaimWord[], at: number) =>
  text.slice(words[at - 1]?.end ?? 0, words[at].start)

function prepositionIn(text: string): string | undefined {
  const found = [...text.matchAll(PREPOSITION)].pop()?.[0].toLowerCase()
  return (
    found &&
    ({ zur: 'zu', zum: 'zu', im: 'in', ins: 'in', beim: 'bei', vom: 'von', am: 'an', ans: 'an' }[found] ?? found)
  )
}

/** What a sentence says of a kind (a period, a side, an order) its quote says too; where the quote is silent, what stands around it. */
function sameRelations(said: string, quote: string, around: string): boolean {
  if (CONTRARY.some(([one, other]) => one.test(said) && !one.test(quote) && other.test(quote))) return false
  return RELATIONS.every(kind => {
    const wanted = kind.filter(({ says }) => says.test(said))
    if (wanted.length === 0) return true
    const silent = !kind.some(({ stands }) => stands.test(quote))
    return wanted.every(({ stands }) => stands.test(silent ? around : quote))
  })
}

/** "Weniger Speicher" is not said by "mehr Speicher", though the quote may say "weniger" of something else. */
function sameComparisons(said: string, quote: string): boolean {
  const compared = [...quote.toLowerCase().matchAll(COMPARISON)]
  return [...said.toLowerCase().matchAll(COMPARISON)].every(([, degree, thing]) => {
    const ofThis = compared.filter(([, , other]) => other === thing)
    return ofThis.length === 0 || ofThis.some(([, other]) => other === degree)
  })
}

/** "Every first Saturday" is not "every Saturday", unless the quote speaks of Saturdays twice. */
function sameOrder(said: string, quote: string): boolean {
  const next = ORDER.test(said) ? undefined : ORDER.exec(quote)?.[1].toLowerCase()
  if (!next) return true
  const stem = next.length > 4 ? next.replace(/(?:e[nrs]?|s)$/, '') : next
  const spoken = (text: string) => text.toLowerCase().split(stem).length - 1
  return spoken(said) === 0 || spoken(quote) > 1
}

/** What one of the two calls "nicht-frei" the other does not call free. */
function sameDenials(said: string, quote: string): boolean {
  const contradicts = (denying: string, other: string) =>
    [...denying.matchAll(JOINED_DENIAL)].some(([, word]) => {
      const plain = word.toLowerCase()
      return other.toLowerCase().includes(plain) && !new RegExp(`(?:nicht|non|not)[- ]${plain}`, 'i').test(other)
    })
  return !contradicts(quote, said) && !contradicts(said, quote)
}

/** "no" in a table's cell denies what stands over the column. */
function deniedByRow(stretch: Stretch, claim: Claim, row: Claim, head: Claim, language: Language): boolean {
  if (!DENIED_CELL.test(row.text) || claim.figures.length > 0) return false
  if (claim.clauses.some(clause => clause.negations + clause.denied.length > 0)) return false
  return speaking(claim.words, { ...stretch, start: Math.max(0, stretch.start) }).some(
    word =>
      head.words.some(other => same(word, other, language)) && !row.words.some(other => same(word, other, language)),
  )
}

/** Verbs that stand for each other ("fällt an", "geht an"): their exchange changes nothing. */
const PLAIN_VERBS = new Set(
  `zahlen zahlt gezahlt bezahlen bezahlt leisten leistet geleistet gehen geht gegangen fallen fällt kommen kommt führen führt tun tut
    werden wird hat haben bleiben bleibt lang lange put puts go goes went run runs cover covers last lasts require requires do does hold holds come comes made mean means`.split(
    /\s+/,
  ),
)
const JOINED = /(?<!\p{L})(?:und|oder|sowie|bzw|and|or)(?!\p{L})/iu
const PREPOSITION =
  /(?<!\p{L})(?:an|am|ans|auf|aus|bei|beim|durch|für|gegen|in|im|ins|mit|nach|ohne|über|um|unter|von|vom|vor|zu|zum|zur|at|by|for|from|in|into|of|on|to|under|with)(?!\p{L})/giu
const HALVES = /;\s|:\s|\s(?=(?:während|wohingegen|while|whereas)\s)/giu
const JOINED_DENIAL = /(?<!\p{L})(?:nicht|non)-(\p{L}+)/giu
const DENIED_CELL = /(?<!\p{L})(?:no|none|nein|keine?r?)(?!\p{L})/iu
const COMPARISON = /(?<!\p{L})(mehr|weniger|more|less|fewer|höhere[nrsm]?|niedrigere[nrsm]?|higher|lower)\s+(\p{L}+)/giu
const ORDER = /(?<!\p{L})(?:first|last|erste[nrsm]?|letzte[nrsm]?)\s+(\p{L}+)/iu

const whole = (words: string) => new RegExp(`(?<!\\p{L})(?:${words})(?!\\p{L})`, 'iu')
const period = (adverb: string, german: string, english: string, compound: string) => {
  const says = `${adverb}|(?:pro|je|jede[nrsm]?|im|am|in der|eines) ${german}|(?:per|each|every|an?) ${english}`
  return { says: whole(says), stands: whole(`${says}|${compound}(?!ende|anfang|beginn|mitte)\\p{L}+`) }
}
const word = (words: string) => ({ says: whole(words), stands: whole(words) })
const ONLY = whole('nur|ausschließlich|lediglich|only|solely')
const EXCEPT = whole('außer|ausgenommen|except|excluding|unless')
/** Kinds of which a sentence and its quote say the same or nothing. */
const RELATIONS: { says: RegExp; stands: RegExp }[][] = [
  [
    period('stündlich\\p{L}*|hourly', 'Stunde', 'hour', 'Stunden'),
    period('täglich\\p{L}*|daily', '(?:Kalender)?Tag(?:e?s)?', 'day', 'Tages'),
    period('wöchentlich\\p{L}*|weekly', 'Woche', 'week', 'Wochen'),
    period('monatlich\\p{L}*|monthly', '(?:Kalender)?Monat(?:s)?', 'month', 'Monats'),
    period('jährlich\\p{L}*|yearly|annual|annually', '(?:Kalender)?Jahr(?:e?s)?', 'year', 'Jahres'),
  ],
  [word('first|erste[nrsm]?|zuerst|first-\\p{L}+'), word('last|letzte[nrsm]?|zuletzt')],
  [word('links|linke[nrsm]?|left'), word('rechts|rechte[nrsm]?|right')],
  [word('allein|alleine|alone'), word('gemeinsam\\p{L}*|zusammen|jointly|together')],
  [
    word('vorher|zuvor|vorab|im Voraus|in advance|beforehand|before'),
    word('nachher|danach|im Nachhinein|afterwards|after'),
  ],
  [{ says: ONLY, stands: ONLY }],
  [{ says: EXCEPT, stands: EXCEPT }, word('einschließlich|inklusive|including|auch bei|even for')],
  [word('Einzug|einziehen'), word('Auszug|ausziehen')],
  [
    word('beginning|start|(?:Monats|Jahres|Quartals)?(?:Anfang|Beginn)'),
    word('end|(?:Monats|Jahres|Quartals|Kalenderjahres)?Ende'),
  ],
]
/** What a sentence does not say where its quote says the other. */
const CONTRARY: [RegExp, RegExp][] = [
  [/(?<!\p{L})(?:alle[nrsm]?|jede[nrsm]?|all|any|every)(?!\p{L})/iu, ONLY],
  [
    /(?<!\p{L})(?:auch|selbst|even|also|including|einschließlich)(?!\p{L})/iu,
    new RegExp(`${ONLY.source}|${EXCEPT.source}`, 'iu'),
  ],
]
