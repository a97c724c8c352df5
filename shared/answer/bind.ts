import type { Language } from '../model/index.ts'
import { type Claim, differentNouns, kinship } from './claim.ts'
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
    return saying.some(other => figures.every(figure => besideSame(figure, group, other)))
  })

  /** Do the words beside the figure stand with it in the quote too, or before all figures, or nowhere? */
  function besideSame(figure: Figure, group: Group, meant: Group): boolean {
    const inside = claim.words.filter(word => isInside(word, group) && !word.light)
    const beside = [inside.findLast(word => word.end <= figure.start), inside.find(word => word.start >= figure.end)]
    return beside.every(word => {
      if (!word) return true
      const places = quote.words.filter(
        other => kinship(word.term, other.term, language) >= 0.7 && !differentNouns(word.text, other.text),
      )
      if (places.length === 0 || places.some(place => isInside(place, meant))) return true
      // A word that opens the sentence holds for all that follows.
      const first = Math.min(...COUNTED(quote).map(counted => counted.start))
      return places.some(place => place.start < first && place.start < meant.start)
    })
  }
}

const isInside = (thing: { start: number }, { start, end }: Group) => thing.start >= start && thing.start < end

/** Figures and "ein", which counts where it is listed beside them. */
const COUNTED = ({ text, figures }: Claim): { start: number }[] => [
  ...figures,
  ...[...text.matchAll(ONE)].map(match => ({ start: match.index })),
]

/** A text cut where a list goes on, so that each group counts something; days of the week count with what follows. */
function groupsOf(claim: Claim): Group[] {
  const { text, figures } = claim
  const counted = COUNTED(claim).filter(one => !('value' in one) || !/^weekday/.test(String(one.value)))
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
