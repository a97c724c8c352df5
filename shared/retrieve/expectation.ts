/** What kind of thing would answer; `any` when the question does not say. `unit` is a quantity with its measure. */
export type Expectation =
  | 'person'
  | 'place'
  | 'number'
  | 'unit'
  | 'date'
  | 'duration'
  | 'reason'
  | 'name'
  | 'exact'
  | 'any'

/** By the form of the question: its interrogative and what follows it, the first rule that fits. */
export function expectationOf(text: string, language: 'de' | 'en'): Expectation {
  const asking = fromInterrogative(text, language)
  for (const [expression, expectation] of language === 'de' ? GERMAN : ENGLISH)
    if (expression.test(asking)) return expectation
  return 'any'
}

/**
 * The question from its interrogative on: other words may stand before it, and relative clauses ("the man who") after it. A clause with
 * "when" before the question proper is a condition.
 */
function fromInterrogative(text: string, language: 'de' | 'en'): string {
  const matches = [...text.matchAll(language === 'de' ? GERMAN_INTERROGATIVE : ENGLISH_INTERROGATIVE)]
  const first = matches[0]
  if (first === undefined) return ''
  const second = matches[1]
  const isCondition =
    first[0].toLowerCase() === 'when' &&
    second !== undefined &&
    /,\s*(?:\p{L}+\s+)?$/u.test(text.slice(0, second.index))
  return text.slice(isCondition ? second.index : first.index)
}

const GERMAN_INTERROGATIVE =
  /(?<!\p{L})(?:wann|wie|wieviele?|wer|wem|wen|wessen|wo|wohin|woher|warum|weshalb|wieso|welche[rnms]?|was|wo(?:mit|durch|für|ran|rauf|rin|zu|von|raus|bei|rüber|gegen|nach))(?!\p{L})/giu
const ENGLISH_INTERROGATIVE = /\b(?:when|how|who|whom|whose|where|why|which|what)\b/gi

const GERMAN: [RegExp, Expectation][] = [
  [
    /^(?:wann\b|welche[mnrs]? (?:\p{Ll}+ )?(?:jahr|datum|tag|monat|jahrhundert|jahrzehnt|zeitpunkt|zeitraum)\p{L}*)/iu,
    'date',
  ],
  [/^wie ?(?:viele?|oft|häufig)\b|^welche[rn]? (?:anzahl|anteil|prozentsatz|zahl)\b/i, 'number'],
  [/^wie (?:lange|alt)\b/i, 'duration'],
  [/^wie (?:hoch|groß|gross|lang|weit|breit|tief|schwer|schnell|teuer|stark)(?!\p{L})|^was kostet/iu, 'unit'],
  [
    /^we(?:r|m|n|ssen)\b|^welche[rmns]? (?:\p{Ll}+ )?(?:person|autor|mann|frau|präsident|könig|kaiser|künstler|spieler)\p{L}*/iu,
    'person',
  ],
  [
    /^wo(?:hin|her)?(?!\p{L})|^welche[rmns]? (?:\p{Ll}+ )?(?:stadt|land|ort|region|staat|provinz|kontinent|gebiet)\p{L}*/iu,
    'place',
  ],
  [/^(?:warum|weshalb|wieso)\b|^welche[mnrs]? (?:grund|gründe|ursache)/i, 'reason'],
  [
    /^welche[rmns]? (?:\p{Ll}+ )?(?:befehl|kommando|parameter|boot-parameter|option|schalter|datei|verzeichnis|port|version|taste)/iu,
    'exact',
  ],
  [
    /^wie (?:heißt|heisst|heißen|hieß|hießen|nennt|nannte|lautet)(?!\p{L})|^welche[rmns]? namen?\b|^wie wird .* genannt/iu,
    'name',
  ],
]
const ENGLISH: [RegExp, Expectation][] = [
  [/^(?:when|(?:what|which) (?:[a-z]+ )?(?:year|date|day|month|century|decade|time)s?)\b/i, 'date'],
  [
    /^how (?:many|often|frequently)\b|^(?:what|which) (?:number|percentage|percent|proportion|amount|fraction)\b/i,
    'number',
  ],
  [/^how (?:long|old)\b/i, 'duration'],
  [/^how (?:much|high|tall|large|big|far|wide|deep|heavy|fast|expensive)\b/i, 'unit'],
  [
    /^(?:who|whom|whose)\b|^(?:what|which) (?:person|author|man|woman|president|king|emperor|artist|player)s?\b/i,
    'person',
  ],
  [/^where\b|^(?:what|which) (?:city|country|place|region|state|province|continent|area|river|town)\b/i, 'place'],
  [/^why\b|^(?:what|which) (?:reason|cause)s?\b/i, 'reason'],
  [/^(?:what|which) (?:[a-z]+ )?(?:command|parameter|option|switch|file|directory|port|version|key)\b/i, 'exact'],
  [
    /^(?:what|which) (?:is|was|are|were) the (?:\w+ )?names?\b|^(?:what|which) (?:is|was|are|were) .*\b(?:called|named)\b|^(?:what|which) name/i,
    'name',
  ],
]
