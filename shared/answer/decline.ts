/** What a model is told to write when the sources do not hold the answer. */
export const declineSentence = {
  de: 'Das steht nicht in den Quellen.',
  en: 'The sources do not say.',
}

/** Does a sentence say that the sources do not hold the answer? Models put it in their own words. */
export function declines(sentence: string, language: 'de' | 'en'): boolean {
  return (language === 'de' ? GERMAN : ENGLISH).some(expression => expression.test(sentence))
}

const PLACE = '(?:quellen?|dokumente?n?|texte?s?|unterlagen|abschnitte?n?|auszügen?|passagen?)'
const GERMAN = [
  new RegExp(
    `^(?:leider )?(?:in|aus) (?:den|der|dem|diesen|ihren|\\p{Ll}+en|\\s)*${PLACE} [^,]*(?<!\\p{L})(?:nichts|nicht (?:enthalten|erwähnt|zu finden|genannt|angegeben|beschrieben|geregelt)|keine (?:\\p{Ll}+ )?(?:angaben?|informationen?|auskunft|antwort|hinweise?|aussagen?))(?!\\p{L})`,
    'iu',
  ),
  new RegExp(
    `(?:steht|stehen|findet sich|finden sich|finde ich|gibt es|wird|werden|ist|sind|geht|enthalten|nennen|nennt|sagen|sagt|erwähn\\p{L}*)(?!\\p{L})[^.]*(?<!\\p{L})(?:nicht|nichts|kein\\p{L}*)(?!\\p{L})[^.]*(?<!\\p{L})${PLACE}(?!\\p{L})[^.]{0,30}[.!]?$`,
    'iu',
  ),
  new RegExp(
    `^(?:(?:in|aus) )?(?:die|den|der|diese[nr]?|vorliegenden|bereitgestellten|genannten|angegebenen|\\s)*${PLACE}(?!\\p{L})[^.,]*(?:enthalten|enthält|nennen|nennt|geben|gibt|sagen|sagt|erwähn\\p{L}*|machen|steht|stehen|ist|sind|geht|finden|findet|beantworte\\p{L}*)[^.,]*(?<!\\p{L})(?:nicht|nichts|keine (?:angaben?|informationen?|auskunft|antwort|hinweise?|aussagen?))(?!\\p{L})`,
    'iu',
  ),
  /^(?:das|dies|es|ich) (?:weiß ich nicht|ist mir nicht bekannt|kann ich (?:aus den quellen )?nicht (?:beantworten|sagen)|kann (?:das|die frage) (?:aus den quellen )?nicht beantworten)/iu,
]
const ENGLISH = [
  /\b(?:sources?|documents?|texts?|passages?|excerpts?)\b[^.]*\b(?:do|does|did) not (?:say|mention|contain|hold|state|provide|specify|include|give|answer|tell|address)\b/i,
  /\b(?:sources?|documents?|texts?|passages?|excerpts?)\b[^.]*\b(?:don't|doesn't|contain no|contains no|hold no|give no|gives no|provide no|provides no)\b/i,
  /\b(?:not|n't|no (?:answer|information|mention))\b[^.]*\b(?:in|from|by) (?:the|these|any of the|your) (?:given |provided |available )?(?:sources?|documents?|texts?|passages?)\b[^.]{0,30}[.!]?$/i,
  /^i (?:do not know|don't know|cannot (?:answer|tell|say)|can't (?:answer|tell|say))\b/i,
]
