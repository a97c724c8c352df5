/** What kind of thing would answer. `unit` is a quantity (number with a unit or measure); `any` when the question does not say. */
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

/** By the question's form, first rule that fits. Rules ask for interrogatives, so that "der Mann, der …" is no person asked for. */
export function expectationOf(text: string, language: 'de' | 'en'): Expectation {
  for (const [expression, expectation] of language === 'de' ? GERMAN : ENGLISH)
    if (expression.test(text)) return expectation
  return 'any'
}

const GERMAN: [RegExp, Expectation][] = [
  [
    /\b(?:wann|welche[mnrs]? (?:jahr|datum|tag|monat|jahrhundert|jahrzehnt|zeitpunkt|zeit|jahre|jahren)\w*|bis wann|seit wann)\b/i,
    'date',
  ],
  [/\bwie ?(?:viele?|oft|häufig)\b|\bwelche[rn]? (?:anzahl|anteil|prozentsatz|zahl)\b|\bwie viel prozent\b/i, 'number'],
  [/\bwie (?:lange|alt)\b/i, 'duration'],
  [/\bwie (?:hoch|groß|gross|lang|weit|breit|tief|schwer|schnell|teuer|stark|viel)\b/i, 'unit'],
  [
    /\b(?:wer|wem|wen|wessen)\b|\bwelche[rmns]? (?:person|autor|mann|frau|präsident|könig|kaiser|künstler|spieler)\w*\b/i,
    'person',
  ],
  [
    /(?:^|[^\p{L}])(?:wo|wohin|woher)(?![\p{L}])|\b(?:welche[rmns]?) (?:stadt|land|ort|region|staat|provinz|kontinent|gebiet|fluss)\w*\b/iu,
    'place',
  ],
  [/\b(?:warum|weshalb|wieso|aus welche[mn] gr(?:u|ü)nd)/i, 'reason'],
  [
    /\bwelche[rmns]? (?:befehl|kommando|parameter|boot-parameter|option|schalter|datei|verzeichnis|port|version|taste)/i,
    'exact',
  ],
  [/\bwie (?:heißt|heisst|heißen|hieß|nennt|nannte|lautet|wird .* genannt)\b|\bname\b/i, 'name'],
]
const ENGLISH: [RegExp, Expectation][] = [
  [/\b(?:when|(?:what|which) (?:year|date|day|month|century|decade|time)s?)\b/i, 'date'],
  [
    /\bhow (?:many|often|frequently)\b|\b(?:what|which) (?:number|percentage|percent|proportion|amount|fraction)\b/i,
    'number',
  ],
  [/\bhow (?:long|old)\b/i, 'duration'],
  [/\bhow (?:much|high|tall|large|big|far|wide|deep|heavy|fast|expensive)\b/i, 'unit'],
  [
    /\b(?:who|whom|whose)\b|\b(?:what|which) (?:person|author|man|woman|president|king|emperor|artist|player)s?\b/i,
    'person',
  ],
  [/\bwhere\b|\b(?:what|which) (?:city|country|place|region|state|province|continent|area|river|town)\b/i, 'place'],
  [/\bwhy\b|\b(?:what|which) reasons?\b/i, 'reason'],
  [/\b(?:what|which) (?:boot )?(?:command|parameter|option|switch|file|directory|port|version|key)\b/i, 'exact'],
  [/\b(?:what|which) (?:is|was|are|were) .*\b(?:name|called|named)\b|\bname of\b/i, 'name'],
]
