/**
 * What of a folder is left out: lines as in a `.gitignore`, the last that fits decides. Upper and lower case are the same, since half of
 * all disks do not tell them apart. No regular expressions: what users write must not be able to take for ever.
 */

/** Whether something is left out, by its path below the folder; whoever asks has asked for the folders above. */
export type Rules = (path: string, isFolder: boolean) => boolean

/** Hidden files, what programs keep for themselves while they write, and what systems and tools put beside what people wrote. */
const always = [
  '.*',
  '~$*',
  '*~',
  '*.tmp',
  '*.temp',
  '*.part',
  '*.partial',
  '*.crdownload',
  'node_modules/',
  '__pycache__/',
  '$RECYCLE.BIN/',
  'System Volume Information/',
  'lost+found/',
  '@eaDir/',
  'Thumbs.db',
  'desktop.ini',
]

export function compileRules(lines: readonly string[]): Rules {
  const rules = [...always, ...lines].flatMap(line => parse(line) ?? [])
  return (path, isFolder) => {
    const parts = fold(path).split('/')
    for (let at = rules.length - 1; at >= 0; at--) {
      const { pattern, anchored, folders, negated } = rules[at]
      if (folders && !isFolder) continue
      if (anchored ? matchParts(pattern, parts) : matchPart(pattern[0], parts[parts.length - 1])) return !negated
    }
    return false
  }
}

interface Rule {
  pattern: Part[]
  /** To the folder itself; otherwise at any depth. */
  anchored: boolean
  folders: boolean
  negated: boolean
}

type Part = 'folders' | readonly Token[]
type Token = { kind: 'any' } | { kind: 'one' } | { kind: 'sign'; sign: string } | Signs
interface Signs {
  kind: 'signs'
  ranges: [from: string, to: string][]
  others: boolean
}

const fold = (text: string) => text.normalize('NFC').toLowerCase()

function parse(line: string): Rule | undefined {
  let text = fold(line.trim())
  if (text === '' || text.startsWith('#')) return undefined
  const negated = text.startsWith('!')
  if (negated) text = text.slice(1)
  const folders = text.endsWith('/')
  text = text.replace(/\/+$/, '')
  const anchored = text.includes('/')
  const parts = text.split('/').filter(part => part !== '')
  if (parts.length === 0) return undefined
  const pattern = parts.map(part => (part === '**' ? 'folders' : tokensOf(part)))
  return { pattern, anchored: anchored || pattern[0] === 'folders', folders, negated }
}

function tokensOf(part: string): Token[] {
  const signs = [...part]
  const tokens: Token[] = []
  for (let at = 0; at < signs.length; at++) {
    const sign = signs[at]
    const end = sign === '[' ? signs.indexOf(']', at + 2) : -1
    if (sign === '*') {
      if (tokens.at(-1)?.kind !== 'any') tokens.push({ kind: 'any' })
    } else if (sign === '?') tokens.push({ kind: 'one' })
    else if (end > 0) {
      tokens.push(signsOf(signs.slice(at + 1, end)))
      at = end
    } else if (sign === '\\' && at + 1 < signs.length) tokens.push({ kind: 'sign', sign: signs[++at] })
    else tokens.push({ kind: 'sign', sign })
  }
  return tokens
}

/** What stands between brackets. */
function signsOf(signs: readonly string[]): Signs {
  const others = signs[0] === '!' || signs[0] === '^'
  const ranges: [string, string][] = []
  for (let at = others ? 1 : 0; at < signs.length; at++) {
    const isRange = signs[at + 1] === '-' && at + 2 < signs.length
    ranges.push([signs[at], isRange ? signs[at + 2] : signs[at]])
    if (isRange) at += 2
  }
  return { kind: 'signs', ranges, others }
}

/** A `**` stands for any number of folders; behind everything else, for at least one part. */
function matchParts(pattern: readonly Part[], parts: readonly string[]): boolean {
  const last = pattern.length - 1
  if (last > 0 && pattern[last] === 'folders')
    return parts.some((_, at) => at > 0 && matchWhole(pattern.slice(0, last), parts.slice(0, at), matchPart))
  return matchWhole(pattern, parts, matchPart)
}

function matchPart(part: Part, text: string): boolean {
  return part === 'folders' || matchWhole(part, [...text], matchSign)
}

function matchSign(token: Token, sign: string): boolean {
  if (token.kind === 'sign') return token.sign === sign
  if (token.kind === 'signs') return token.ranges.some(([from, to]) => from <= sign && sign <= to) !== token.others
  return true
}

const isAny = (one: Part | Token) =>
  one === 'folders' || (typeof one === 'object' && 'kind' in one && one.kind === 'any')

/** Only the last wildcard is ever tried anew, so the time grows with the product of both lengths at most. */
function matchWhole<One extends Part | Token>(
  pattern: readonly One[],
  items: readonly string[],
  matches: (one: One, item: string) => boolean,
): boolean {
  let at = 0
  let wildcard = -1
  let taken = 0
  for (let item = 0; item < items.length; ) {
    if (at < pattern.length && isAny(pattern[at])) {
      wildcard = at++
      taken = item
    } else if (at < pattern.length && matches(pattern[at], items[item])) {
      at += 1
      item += 1
    } else if (wildcard >= 0) {
      at = wildcard + 1
      item = ++taken
    } else return false
  }
  while (at < pattern.length && isAny(pattern[at])) at += 1
  return at === pattern.length
}
