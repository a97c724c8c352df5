import { analyze } from '../retrieve/analyze.ts'
import { detectLanguage } from '../retrieve/language.ts'

export interface Completed {
  /** What is searched for: the question, then " — " and the words taken over from the question before. */
  text: string
  refersBack: boolean
  /** Offset in `text` where the words taken over begin; for `analyzeQuestion`, which weighs them lower. */
  inheritedFrom?: number
}

/**
 * A question that refers back, completed by rule from the question before it: "Und unter UEFI?" takes over the words of that question,
 * except those it replaces (BIOS). A question that stands on its own is left alone: words of another topic would pull its answer away.
 */
export function completeQuestion(
  question: string,
  earlier: readonly { question: string; completed: string }[],
): Completed {
  const last = earlier.at(-1)
  if (last === undefined) return { text: question, refersBack: false }
  const detected = detectLanguage(question)
  const language = detected === 'other' ? (detectLanguage(last.question) === 'en' ? 'en' : 'de') : detected
  const words = contentWords(question, language)
  if (!refersBack(question, words, language)) return { text: question, refersBack: false }
  const previousLanguage = detectLanguage(last.completed) === 'en' ? 'en' : 'de'
  const inherited: string[] = []
  const seen = new Set(words.map(word => word.term))
  let length = 0
  for (const word of contentWords(last.completed, previousLanguage)) {
    if (seen.has(word.term) || words.some(fresh => replaces(fresh.text, word.text, language))) continue
    seen.add(word.term)
    length += word.text.length + 1
    if (length > LONGEST_INHERITANCE) break
    inherited.push(word.text)
  }
  if (inherited.length === 0) return { text: question, refersBack: true }
  const lead = `${question.trim()} — `
  return { text: lead + inherited.join(' '), refersBack: true, inheritedFrom: lead.length }
}

interface Word {
  text: string
  term: string
  start: number
}

const contentWords = (text: string, language: 'de' | 'en'): Word[] =>
  analyze(text, language)
    .filter(token => token.kind !== 'part')
    .map(token => ({ text: text.slice(token.start, token.end), term: token.term, start: token.start }))

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
  if (/^\d/.test(fresh) && /^\d/.test(old)) return true
  const name = language === 'en' ? ENGLISH_NAME : GERMAN_NAME
  return name.test(fresh) && name.test(old)
}

const LONGEST_INHERITANCE = 400
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
