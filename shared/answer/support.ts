import type { Language } from '../model/index.ts'
import { differentNouns } from '../retrieve/nouns.ts'
import { analyzeQuestion } from '../retrieve/question.ts'
import { agrees } from './agree.ts'
import { bindsAlike } from './bind.ts'
import { type Claim, type ClaimWord, claimOf, holdsName, kinship } from './claim.ts'
import { clipSentence, MAX_QUOTE } from './clip.ts'
import { type Figure, saysFigure } from './figures.ts'
import type { Ground, GroundSentence, Source } from './ground.ts'

/** Tuned on `tests/red-team` (dishonest sentences) and the honest answers beside it; both rates stand in decision 0006. */
export const supportLimits = {
  /** Share of a sentence's words, by weight, that its quotes hold. */
  coverage: 0.6,
  /** Share of the words around a figure that the sentence holding that figure holds too. */
  binding: 0.34,
  /** How much better another sentence may fit the words around a figure than the one that holds it. */
  margin: 0.3,
  /** How many times a missing word counts of which another sentence of the sources speaks: it is what was exchanged. */
  elsewhere: 3,
  quotes: 3,
}

/** How much of a word counts when it stands not in the sentence, but in the one before. */
const fromBefore = { pointing: 0.9, plain: 0.4 }

export interface Support {
  source: Source
  start: number
  end: number
}

/**
 * The quotes that prove a sentence, or undefined. Every figure and name stands in them, most of the words, no more and no fewer
 * negations; and a figure stands in the sentence that the words around it fit best, so that "Die Kaution beträgt 890 Euro" is not proven
 * by the rent; no word is exchanged (`agree.ts`), no figure moved (`bind.ts`). `within`: where to look (the sources it cites). A figure
 * without words of its own ("890 Euro.") is read with the question.
 */
export function findSupport(
  sentence: string,
  language: Language,
  ground: Ground,
  within: readonly Source[],
  question: string,
): Support[] | undefined {
  if (within.length === 0) return undefined
  const asking = new Set(
    analyzeQuestion(question)
      .terms.filter(term => term.asking)
      .map(term => term.text),
  )
  const claims = new Map<Language, Claim>()
  const claimIn = (spoken: Language) => {
    const known = claims.get(spoken)
    if (known) return known
    const claim = claimOf(sentence, spoken)
    if (claim.figures.length > 0 && !claim.words.some(word => !word.light))
      for (const word of claimOf(question, spoken).words)
        if (!asking.has(word.text)) claim.words.push({ ...word, start: -1, end: -1 })
    claims.set(spoken, claim)
    return claim
  }
  for (const spoken of new Set(within.map(({ chunk }) => spokenIn(chunk.language, language)))) {
    const found = supportIn(claimIn(spoken), spoken, ground, within)
    if (found) return found
  }
  return undefined
}

/** A text whose language is not known is read in the answer's. */
const spokenIn = (source: Language, answer: Language): Language => (source === 'other' ? answer : source)

interface Candidate {
  sentence: GroundSentence
  /** By word of the claim, 0 to 1: in it, and with what explains it. */
  own: number[]
  held: number[]
  /** By figure of the claim. */
  says: boolean[]
  /** The claim says all that stands in those of its clauses that it speaks of: it may add a word, but exchanges none. */
  allSaid: boolean
}

/** A stretch of the claim. */
interface Part {
  start: number
  end: number
}

function supportIn(claim: Claim, language: Language, ground: Ground, within: readonly Source[]): Support[] | undefined {
  if (!claim.words.some(word => !word.light) && claim.figures.length === 0) return undefined
  const all = ground.sentences.map(sentence => weigh(fitting(sentence, claim, language), claim, language))
  const weighed: Weighed = { claim, language, all, weights: weightsOf(claim.words, all) }
  const allowed = all.filter(candidate => within.includes(candidate.sentence.source))
  const whole = { start: -1, end: claim.text.length }
  const one = bestFor(whole, weighed, allowed)
  const chosen = one ? [one] : bestForParts(weighed, allowed)
  if (chosen.length === 0) return undefined
  const around = chosen.map(({ sentence }) => ground.words.get(sentence.source) ?? new Set<string>())
  if (!claim.names.every(name => around.some(known => holdsName(name, known)))) return undefined
  return chosen.map(({ sentence: { source, start, end } }) => ({ source, start, end }))
}

interface Weighed {
  claim: Claim
  language: Language
  all: readonly Candidate[]
  /** By word of the claim. */
  weights: readonly number[]
}

/** One sentence for each part of the claim; none when a part has none. What stands in two places was never said together. */
function bestForParts(weighed: Weighed, allowed: readonly Candidate[]): Candidate[] {
  const parts = partsOf(weighed.claim)
  if (parts.length < 2) return []
  const chosen = new Set<Candidate>()
  for (const part of parts) {
    const best = bestFor(part, weighed, allowed)
    if (!best) return []
    chosen.add(best)
  }
  return chosen.size <= supportLimits.quotes ? [...chosen] : []
}

/** The sentence that says this part of the claim, all of its figures and most of its words. */
function bestFor(part: Part, weighed: Weighed, allowed: readonly Candidate[]): Candidate | undefined {
  const { claim, language, weights } = weighed
  const inside = claim.words.map(word => isInside(word, part))
  let best: { candidate: Candidate; value: number } | undefined
  for (const candidate of allowed) {
    if (claim.figures.some((figure, at) => isInside(figure, part) && !candidate.says[at])) continue
    let total = 0
    let held = 0
    let own = 0
    for (const [at, weight] of weights.entries()) {
      if (!inside[at] || weight === 0) continue
      const missing = candidate.held[at] < 0.5 && (language !== 'de' || /^\p{Lu}/u.test(claim.words[at].text))
      // The sources speak of it, but not here.
      const elsewhere = missing && weighed.all.some(other => other.own[at] >= 0.7)
      total += elsewhere && !candidate.allSaid ? weight * supportLimits.elsewhere : weight
      held += weight * candidate.held[at]
      own += weight * candidate.own[at]
    }
    if (total > 0 && held / total < supportLimits.coverage) continue
    if (total === 0 && !claim.figures.some(figure => isInside(figure, part))) continue
    const value = total === 0 ? 1 : (held + own / 10) / total
    if (value <= (best?.value ?? 0) || own + candidate.says.filter(Boolean).length === 0) continue
    if (!claim.figures.every((figure, at) => !isInside(figure, part) || isBound(figure, at, weighed, candidate)))
      continue
    const { sentence } = candidate
    if (!bindsAlike(part, claim, sentence.claim, sentence.context.text, language)) continue
    if (sameSense(part, weighed, candidate) && agrees(part, claim, sentence, language)) best = { candidate, value }
  }
  return best?.candidate
}

const isInside = (thing: { start: number }, part: Part) => thing.start >= part.start && thing.start < part.end

/** A sentence too long for a quote is held against the claim by the part of it that would be quoted. */
function fitting(sentence: GroundSentence, claim: Claim, language: Language): GroundSentence {
  if (sentence.end - sentence.start <= MAX_QUOTE) return sentence
  const { text } = sentence.source.chunk
  const span = clipSentence(text, sentence, clauses => {
    const part = claimOf(clauses, sentence.language)
    const figures = claim.figures.filter(figure =>
      saysFigure(figure, part.figures, clauses, sentence.context.text),
    ).length
    return figures + claim.words.filter(word => best(word, part.words, language) > 0.5).length
  })
  return { ...sentence, ...span, claim: claimOf(text.slice(span.start, span.end), sentence.language) }
}

function weigh(sentence: GroundSentence, claim: Claim, language: Language): Candidate {
  const own = claim.words.map(word => best(word, sentence.claim.words, language))
  const before = sentence.previous
  const pointsBack = POINTS_BACK.test(sentence.claim.text) || before?.claim.text.endsWith(':')
  const factor = pointsBack ? fromBefore.pointing : fromBefore.plain
  const held = claim.words.map((word, at) =>
    Math.max(
      own[at],
      own[at] < 1 ? best(word, sentence.context.words, language) : 0,
      own[at] < factor && before ? factor * best(word, before.claim.words, language) : 0,
    ),
  )
  const { text, figures } = sentence.claim
  const says = claim.figures.map(
    figure =>
      saysFigure(figure, figures, text, sentence.context.text) ||
      (figure.kind === 'exact' && saysFigure(figure, sentence.context.figures, '', '')),
  )
  const allSaid = sentence.claim.clauses.every(clause => {
    const words = sentence.claim.words.filter(word => !word.light && isInside(word, clause))
    const said = words.filter(word => best(word, claim.words, language) >= 0.5).length
    return said === 0 || said === words.length
  })
  return { sentence, own, held, says, allSaid }
}

function best(wanted: Pick<ClaimWord, 'term' | 'text'>, words: readonly ClaimWord[], language: Language): number {
  let most = 0
  for (const word of words) {
    const value = kinship(wanted.term, word.term, language)
    if (value > most && !differentNouns(wanted.text, word.text)) most = value
    if (most === 1) break
  }
  return most
}

/** A word that stands in few sentences, or in none, says more than one that stands in many. */
function weightsOf(words: readonly ClaimWord[], all: readonly Candidate[]): number[] {
  const rare = Math.log(1 + all.length) || 1
  return words.map((word, at) => {
    if (word.light) return 0
    const holding = all.filter(candidate => candidate.own[at] >= 0.7).length
    return holding === 0 ? 1 : 0.5 + (0.5 * Math.log(1 + all.length / holding)) / rare
  })
}

/** Is the figure said of what the claim says it of? */
function isBound(figure: Figure, at: number, { claim, weights, all }: Weighed, holder: Candidate): boolean {
  const part = partsOf(claim).find(candidate => isInside(figure, candidate)) ?? { start: -1, end: claim.text.length }
  const weightOf = (index: number) =>
    claim.words[index].start < 0 || isInside(claim.words[index], part) ? weights[index] : 0
  const total = sum(weights.map((_, index) => weightOf(index)))
  if (total === 0) return true
  const matching = (values: readonly number[]) => sum(values.map((value, index) => weightOf(index) * value)) / total
  const holding = matching(holder.held)
  const other = Math.max(0, ...all.map(candidate => (candidate.says[at] ? 0 : matching(candidate.own))))
  return holding >= supportLimits.binding && holding >= other - supportLimits.margin
}

/** The claim cut at its clauses, and at "und" where each side has words and figures of its own; what says nothing alone goes with its neighbour. */
function partsOf(claim: Claim): Part[] {
  const speaks = ({ start, end }: Part) =>
    claim.words.some(word => !word.light && word.start >= start && word.start < end)
  const counts = (part: Part) => claim.figures.some(figure => isInside(figure, part))
  const enough = ({ start, end }: Part) =>
    claim.words.filter(word => !word.light && word.start >= start && word.start < end).length > 1
  const cuts = claim.clauses.flatMap(clause => {
    const cuts = [clause.start]
    for (const match of claim.text.slice(clause.start, clause.end).matchAll(AND)) {
      const at = clause.start + match.index
      const sides = [
        { start: cuts[cuts.length - 1], end: at },
        { start: at, end: clause.end },
      ]
      if (sides.every(side => speaks(side) && (counts(side) || enough(side)))) cuts.push(at)
    }
    return cuts
  })
  const parts: Part[] = []
  for (const [at, start] of cuts.entries()) {
    const part = { start, end: cuts[at + 1] ?? claim.text.length }
    const last = parts[parts.length - 1]
    if (last && (!speaks(part) || !speaks(last) || !(counts(part) || enough(part)) || !(counts(last) || enough(last))))
      last.end = part.end
    else parts.push(part)
  }
  return parts
}

/** No clause says no where its source says yes, or the other way round; none says "at least" for "at most". */
function sameSense(stretch: Part, { claim, language }: Weighed, { sentence }: Candidate): boolean {
  const quote = sentence.claim
  const said = claim.text.slice(Math.max(0, stretch.start), stretch.end)
  for (const [one, other] of OPPOSITES) {
    if (one.test(said) && !one.test(quote.text) && other.test(quote.text) && !other.test(said)) return false
    if (other.test(said) && !other.test(quote.text) && one.test(quote.text) && !one.test(said)) return false
  }
  return claim.clauses.every(clause => {
    if (clause.end <= stretch.start || clause.start >= stretch.end) return true
    const words = claim.words.filter(word => isInside(word, clause))
    const figures = claim.figures.filter(figure => isInside(figure, clause))
    const parts = quote.clauses.map(part => {
      const partWords = quote.words.filter(word => isInside(word, part))
      const partFigures = quote.figures.filter(figure => isInside(figure, part))
      const says = figures.filter(figure => saysFigure(figure, partFigures, quote.text, '')).length
      const shared = sum(words.map(word => (word.light ? 0.2 : 1) * best(word, partWords, language)))
      const denied = part.denied.filter(term => words.some(word => kinship(word.term, term, language) >= 0.7)).length
      return { says, shared, negations: part.negations + denied }
    })
    // Where figures are, the parts that hold them; else those that hold a fair share of the words.
    const figured = Math.max(...parts.map(part => part.says))
    const most = Math.max(...parts.map(part => part.shared))
    if (figured === 0 && most < 0.7) return true
    const meant = parts.filter(part => (figured > 0 ? part.says === figured : part.shared >= most * 0.4))
    const negations = sum(meant.map(part => part.negations))
    return (clause.negations + clause.denied.length) % 2 === negations % 2
  })
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)

const AND = /\s(?=(?:und|oder|sowie|and|or)\s)/g
const POINTS_BACK =
  /^(?:Er|Sie|Es|Dies\p{L}*|Jene\p{L}*|Sein\p{L}*|Ihr\p{L}*|Dort|Dabei|Danach|Damit|Dazu|Dafür|He|She|It|They|This|These|Those|His|Her|Their|Its|There)(?!\p{L})|(?<!\p{L})(?:it|them|its|their|ihn|ihm|sie|er|deren|dessen)(?!\p{L})/u
/** Whichever of a pair a sentence says, its source must not say the other instead. */
const OPPOSITES: [RegExp, RegExp][] = (
  [
    ['mindestens|wenigstens|minimal|minimum|at least', 'höchstens|maximal|maximum|at most|up to|bis zu'],
    ['spätestens|at the latest|no later', 'frühestens|at the earliest'],
    ['vor|before', 'nach|after'],
    ['mehr|more', 'weniger|less|fewer'],
    ['über|above|over', 'unter|below|under'],
    ['immer|always', 'nie|niemals|never'],
    ['beginnt|begins|starts', 'endet|ends'],
    ['öffnet|geöffnet|offen|opens?', 'schließt|geschlossen|closes|closed'],
    ['voll|full', 'leer|empty'],
    ['täglich|daily', 'wöchentlich|weekly|monatlich|monthly|jährlich|yearly|annually'],
    ['monatlich|monthly', 'jährlich|yearly|annually|wöchentlich|weekly'],
  ] as const
).map(([one, other]) => [wholeWord(one), wholeWord(other)])

function wholeWord(words: string): RegExp {
  return new RegExp(`(?<!\\p{L})(?:${words})(?!\\p{L})`, 'iu')
}
