import type { Language } from '../model/index.ts'
import { differentNouns } from '../retrieve/nouns.ts'
import { type Claim, type ClaimWord, kinship } from './claim.ts'
import { type Figure, saysFigure } from './figures.ts'

/** A stretch of a text that says one thing with figures. */
interface Group {
  start: number
  end: number
}

/**
 * Do the figures of a sentence stand together, and beside the words, as in its quote? "Sechs Monate nach fünf Jahren, neun nach acht"
 * does not say nine after five; "drei Wohnungsschlüssel und einen Kellerschlüssel" does not say three of the latter.
 * `stretch`: what of the claim the quote is to prove. `context`: what stands above the quote.
 */
export function bindsAlike(stretch: Group, claim: Claim, quote: Claim, context: string, language: Language): boolean {
  const theirs = groupsOf(quote)
  if (theirs.length < 2) return true
  const figuresIn = ({ figures }: Claim, group: Group) => figures.filter(figure => isInside(figure, group))
  return groupsOf(claim).every(group => {
    const figures = figuresIn(claim, group).filter(
      figure =>
        isInside(figure, { start: Math.max(0, stretch.start), end: stretch.end }) &&
        saysFigure(figure, quote.figures, quote.text, context),
    )
    if (figures.length === 0) return true
    const saying = theirs.filter(other => {
      const counted = figuresIn(quote, other)
      return figures.every(figure => saysFigure(figure, counted, quote.text, context))
    })
    return saying.some(other => sharesAWord(group, other) && figures.every(figure => besideSame(figure, group, other)))
  })

  /** A group that has words of its own is not meant by a claim that says none of them, but those of another group. */
  function sharesAWord(group: Group, meant: Group): boolean {
    const wordsIn = (text: Claim, stretch: Group) => text.words.filter(word => isInside(word, stretch) && !word.light)
    const own = wordsIn(quote, meant).filter(word => language !== 'de' || /^\p{Lu}/u.test(word.text))
    const words = wordsIn(claim, group)
    const shared = (others: readonly ClaimWord[]) => words.some(word => others.some(other => same(word, other)))
    return own.length === 0 || shared(own) || !shared(quote.words)
  }

  /** "City bike" where the quote says "cargo bike", and "city bike" elsewhere. */
  function describedAsAnother(word: ClaimWord, place: ClaimWord, meant: Group): boolean {
    const [one, other] = [directlyBefore(claim, word), directlyBefore(quote, place)]
    if (!one || !other || same(one, other)) return false
    return quote.words.some(elsewhere => same(one, elsewhere) && !isInside(elsewhere, meant))
  }

  function same(word: ClaimWord, other: ClaimWord): boolean {
    return kinship(word.term, other.term, language) >= 0.7 && !differentNouns(word.text, other.text)
  }

  /** Do the words beside the figure stand with it in the quote too, or before all figures, or nowhere? */
  function besideSame(figure: Figure, group: Group, meant: Group): boolean {
    const inside = claim.words.filter(word => isInside(word, group) && !word.light)
    const beside = [inside.findLast(word => word.end <= figure.start), inside.find(word => word.start >= figure.end)]
    return beside.every(word => {
      if (!word) return true
      const places = quote.words.filter(other => same(word, other))
      const here = places.filter(place => isInside(place, meant))
      if (here.length > 0) return here.some(place => !describedAsAnother(word, place, meant))
      if (places.length === 0) return true
      // A word that opens the sentence holds for all that follows.
      const first = Math.min(...countedIn(quote).map(counted => counted.start))
      return places.some(place => place.start < first && place.start < meant.start)
    })
  }
}

const isInside = (thing: { start: number }, { start, end }: Group) => thing.start >= start && thing.start < end

const directlyBefore = ({ text, words }: Claim, word: ClaimWord) =>
  words.find(other => other.end < word.start && text.slice(other.end, word.start).trim() === '')

/** Figures and "ein", which counts where it is listed beside them. */
const countedIn = ({ text, figures }: Claim): { start: number }[] => [
  ...figures,
  ...[...text.matchAll(ONE)].map(match => ({ start: match.index })),
]

/** A text cut where a list goes on, so that each group counts something; days of the week count with what follows. */
function groupsOf(claim: Claim): Group[] {
  const { text, figures } = claim
  const counted = countedIn(claim).filter(one => !('value' in one) || !/^weekday/.test(String(one.value)))
  const counts = (group: Group) => counted.some(one => isInside(one, group))
  const speaks = (group: Group) =>
    claim.words.some(word => isInside(word, group)) ||
    figures.some(figure => isInside(figure, group) && figure.kind === 'number' && figure.unit)
  const cuts = [0, ...[...text.matchAll(LISTED)].map(match => match.index), text.length]
  const groups: Group[] = []
  let open = 0
  for (const end of cuts.slice(1)) {
    const group = { start: open, end }
    if (!counts(group) || !speaks(group) || RANGE.test(text.slice(open, end))) continue
    groups.push(group)
    open = end
  }
  const last = groups[groups.length - 1]
  if (last) last.end = text.length
  return groups
}

const ONE = /(?<!\p{L})(?:eine?[nmrs]?|one)(?!\p{L})/giu
const LISTED = /[;,:–—]\s|\s(?=(?:und|sowie|oder|and|or)\s)/giu
/** "Zwischen 13 und 15 Uhr" is not cut. */
const RANGE = /(?<!\p{L})(?:zwischen|between)\s+\S+$/iu
