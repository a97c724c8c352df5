import { analyze } from '../retrieve/analyze.ts'
import { isNumberWord } from '../retrieve/irregular.ts'
import { detectLanguage } from '../retrieve/language.ts'
import { stemWord } from '../retrieve/stem.ts'

export interface Completed {
  /** What is searched for: the question, then " — " and the words taken over from the question before. */
  text: string
  refersBack: boolean
  /** The rule may well have missed what is meant: it found nothing to take over, or had to leave some of it out. */
  unsure: boolean
  /** Offset in `text` where the words taken over begin; for `analyzeQuestion`, which weighs them lower. */
  inheritedFrom?: number
}

/**
 * A question that refers back, completed by rule from the question before it: "Und unter UEFI?" takes over the words of that question,
 * except those it replaces (BIOS). A question that stands on its own is left alone: words of another topic would pull its answer away.
 * What the question before had itself taken over is handed on only as far as it names the topic, so that a chat of many turns does not pile
 * up words.
 */
export function completeQuestion(
  question: string,
  earlier: readonly { question: string; completed: string }[],
): Completed {
  const last = earlier.at(-1)
  if (last === undefined) return { text: question, refersBack: false, unsure: false }
  const detected = detectLanguage(question)
  const language = detected === 'other' ? (detectLanguage(last.question) === 'en' ? 'en' : 'de') : detected
  const words = contentWords(question, language)
  if (!refersBack(question, words, language)) return { text: question, refersBack: false, unsure: false }
  const previousLanguage = detectLanguage(last.completed) === 'en' ? 'en' : 'de'
  const candidates = topicWords(last.completed, previousLanguage).filter(
    word =>
      !words.some(
        fresh =>
          fresh.term === word.term ||
          replaces(fresh.text, word.text, language) ||
          (fresh.after !== '' && fresh.after === word.after && /^(?:\p{Lu}|\d)/u.test(fresh.text)),
      ),
  )
  const inherited = mostTelling(candidates, previousLanguage)
  if (inherited.length === 0) return { text: question, refersBack: true, unsure: true }
  const lead = `${question.trim()} — `
  const unsure = inherited.length < candidates.length
  const text = lead + inherited.map(word => word.text).join(' ')
  return { text, refersBack: true, unsure, inheritedFrom: lead.length }
}

/** What the question before speaks of: its own words, and of those it took over the nouns and names. */
function topicWords(completed: string, language: 'de' | 'en'): Word[] {
  const dash = completed.lastIndexOf(' — ')
  const own = contentWords(dash < 0 ? completed : completed.slice(0, dash), language)
  const older = dash < 0 ? [] : contentWords(completed.slice(dash + 3), language).map(word => ({ ...word, own: false }))
  const topic = language === 'de' ? older.filter(word => /^[\p{Lu}\d]/u.test(word.text)) : older
  const seen = new Set<string>()
  return [...(topic.length > 0 ? topic : older), ...own].filter(word => {
    if (seen.has(word.term) || DEGREE.has(word.text.toLowerCase())) return false
    seen.add(word.term)
    return true
  })
}

/** The few that name the topic, in their order: nouns and names before other words, new ones before old ones. */
function mostTelling(words: readonly Word[], language: 'de' | 'en'): readonly Word[] {
  if (words.length <= MOST_INHERITED) return words
  const weight = (word: Word, at: number) =>
    (/^[\p{Lu}\d]/u.test(word.text) && (language === 'de' || word.start > 0) ? 2 : 0) +
    (word.own ? 1 : 0) -
    at / words.length
  const best = words
    .map((word, at) => ({ word, weight: weight(word, at) }))
    .sort((a, b) => b.weight - a.weight)
    .slice(0, MOST_INHERITED)
  return words.filter(word => best.some(candidate => candidate.word === word))
}

interface Word {
  text: string
  term: string
  start: number
  /** The preposition it stands behind, if it does: "für den Mieter" takes the place of "für die Vermieterin". */
  after: string
  /** It stands in the question itself, and was not taken over. */
  own: boolean
}

const contentWords = (text: string, language: 'de' | 'en'): Word[] =>
  analyze(text, language)
    .filter(token => token.kind !== 'part')
    .map(token => ({
      text: text.slice(token.start, token.end),
      term: token.term,
      start: token.start,
      own: true,
      after:
        PREPOSITION[language].exec(text.slice(Math.max(0, token.start - 40), token.start))?.[1]?.toLowerCase() ?? '',
    }))

function refersBack(question: string, words: readonly Word[], language: 'de' | 'en'): boolean {
  const trimmed = question.trim()
  if (words.length === 0) return true
  const patterns = language === 'de' ? GERMAN : ENGLISH
  if (patterns.about.test(trimmed)) return words.length <= 4
  if (patterns.link.test(trimmed) && words.length <= 3) return true
  // Only a few words behind a preposition: no question of its own.
  if (patterns.fragment.test(trimmed) && words.length <= 2) return true
  const before = (match: RegExpExecArray) => words.filter(word => word.start < question.indexOf(trimmed) + match.index)
  const pointer = patterns.pointer.exec(trimmed)
  if (pointer !== null && before(pointer).length <= 2) return true
  const pronoun = patterns.pronoun.exec(trimmed)
  if (pronoun === null) return false
  // A noun before the pronoun is what it stands for: "Wer war Goethe und wann starb er?"
  const antecedents = before(pronoun)
  if (language === 'de') return !antecedents.some(word => /^\p{Lu}/u.test(word.text))
  return antecedents.length <= (/^(?:his|her|its|their)$/i.test(pronoun[0]) ? 0 : 1)
}

/** Does the new word stand where the old one stood: the opposite, another name, another number? */
function replaces(fresh: string, old: string, language: 'de' | 'en'): boolean {
  const [a, b] = [fresh.toLowerCase(), old.toLowerCase()]
  if (OPPOSITES.some(([one, other]) => (one.test(a) && other.test(b)) || (one.test(b) && other.test(a)))) return true
  if (isNumber(fresh, language) && isNumber(old, language)) return true
  const name = language === 'en' ? ENGLISH_NAME : GERMAN_NAME
  return name.test(fresh) && name.test(old)
}

const isNumber = (word: string, language: 'de' | 'en') =>
  /^\d/.test(word) || isNumberWord(stemWord(word, language), language)

const MOST_INHERITED = 5
/** The measure asked for is the new question's own business. */
const DEGREE = new Set(
  'hoch lang lange weit breit tief schwer schnell teuer alt oft häufig spät früh long much many high tall large big far wide deep heavy fast expensive old often late early soon'.split(
    ' ',
  ),
)
/** With an article, but no noun, between it and the word. */
const PREPOSITION = {
  de: /(?<!\p{L})(für|mit|ohne|bei|nach|unter|in|im|am|auf|vor|von|vom|zum|zur|aus|ab|bis|seit)(?:\s+(?:d(?:er|ie|as|en|em|es)|ein\p{L}*|\p{Ll}+e[nrsm]?))?\s+$/iu,
  en: /\b(for|with|without|under|in|on|at|after|before|until|since|from|by|of|to)(?:\s+(?:the|an?|[a-z]+))?\s+$/i,
}
/** Acronyms and names with inner capitals; in English every capitalised word. */
const GERMAN_NAME = /^(?:[A-ZÄÖÜ][A-ZÄÖÜ\d-]+|\p{Lu}?\p{Ll}+\p{Lu}\p{L}*|Xfce)$/u
const ENGLISH_NAME = /^\p{Lu}/u
const OPPOSITES: [RegExp, RegExp][] = [
  [/^laut(?:er|e)?$/, /^leise/],
  [/^minim|^mindest|^wenigst/, /^maxim|^höchst|^meist/],
  [/^größ|^groß/, /^klein/],
  [/^hoch|^höher/, /^niedrig|^tief/],
  [/^lang|^länger/, /^kurz|^kürz/],
  [/^ein(?:schalt|blend)|^aktivier/, /^(?:aus|ab)(?:schalt|blend)|^deaktivier/],
  [/^früh/, /^spät/],
  [/^vor$|^vorher/, /^nach$|^nachher/],
  [/^alt|^älter/, /^neu/],
  [/^mit$/, /^ohne$/],
  [/^loud/, /^quiet|^soft/],
  [/^min/, /^max/],
  [/^larg|^big/, /^small/],
  [/^high/, /^low/],
  [/^long/, /^short/],
  [/^enable|^activate/, /^disable|^deactivate/],
  [/^old/, /^new|^modern/],
  [/^before/, /^after/],
  [/^earl/, /^late/],
]

interface Patterns {
  /** Asks for the same of something else. */
  about: RegExp
  /** Goes on from what was said. */
  link: RegExp
  fragment: RegExp
  /** Points back whatever else it says. */
  pointer: RegExp
  pronoun: RegExp
}

const GERMAN: Patterns = {
  about:
    /^(?:und )?(?:was ist mit|wie ist es (?:mit|bei)|wie steht es (?:mit|um)|wie sieht (?:es|das) .*\baus\b|was gilt (?:bei|für|dann))/i,
  link: /^(?:und|aber|oder|sondern|also|auch|sonst|dann)(?![\p{L}])/iu,
  fragment:
    /^(?:bei|mit|ohne|unter|für|in|im|am|auf|nach|vor|ab|bis|seit|von|wieder|noch|nur)(?![\p{L}])[^,]{0,24}\?*$/iu,
  pointer:
    /(?<![\p{L}])(?:davon|dafür|dagegen|darüber(?! hinaus)|daran|darin|dabei|letztere[nrsm]?|erstere[nrsm]?|stattdessen|in diesem fall|das(?=\?*$|(?: \p{Ll}+)?\?*$))(?![\p{L}])/u,
  // "Sie" and "Ihr" with a capital are the polite you; "es" is often only grammar ("gibt es").
  pronoun:
    /(?<![\p{L}])(?:er|sie|ihn|ihm|ihr|ihre[nrsm]?|seine?[nrsm]?|dies|diese[nrsm]?|jene[nrsm]?|dort)(?![\p{L}])/u,
}
const ENGLISH: Patterns = {
  about: /^(?:and |but |so )?(?:what|how) about\b/i,
  link: /^(?:and|but|or|so|then|also|otherwise)\b/i,
  fragment: /^(?:with|without|under|for|in|on|at|after|before|until|since|from|by|only|again)\b[^,]{0,24}\?*$/i,
  pointer:
    /\b(?:of (?:them|these|those|it)(?= (?:is|are|was|were|can|do|does|has|have)\b|\?*$)|which one|the (?:latter|former|same)(?=\?*$)|instead(?! of)|in that case|that one)(?![\p{L}])/iu,
  // Not the "it" and "there" of grammar: "is it called", "there is".
  pronoun:
    /\b(?:he|she|(?<!\bis )it(?! (?:called|mean|possible)\b)|they|him|them|his|her|its|their|(?<!\b(?:is|are|was|were) )there(?! (?:is|are|was|were|a|any)\b)|these|those|this|that(?= (?:work|mean|cost|apply|take)\b|\?*$))(?![\p{L}])/iu,
}
