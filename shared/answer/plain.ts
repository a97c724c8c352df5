import { withoutAddresses } from './addresses.ts'

/** Around the numbers of a citation in plain text; taken out of everything a model writes, so that it cannot forge them. */
export const markStart = '\ue000'
export const markEnd = '\ue001'

/**
 * What a model wrote, as text that nothing can load or run: no markup, HTML, tool calls, addresses the sources do not hold, nor characters
 * that cannot be seen. Marks of citation ("[1]", "[Quelle 1, 2]") become their numbers between `markStart` and `markEnd`. Line breaks stay.
 */
export function plainText(raw: string, knows: (address: string) => boolean): string {
  let text = visible(raw).replaceAll(/[^\S\n]{2,}/g, ' ')
  // What is taken out may join what stood around it.
  for (let round = 0; round < 6; round++) {
    const before = text
    text = withoutBrackets(withoutMarkup(withoutCalls(unescaped(text))), knows)
    text = withoutAddresses(undecorated(text), knows)
    if (text === before) break
  }
  return text
}

/**
 * How much of what is there can be read already: the rest may become a link, a tag, a tool call or an address when more comes.
 * What stays open for long is read as it is.
 */
export function settledLength(raw: string): number {
  let settled = raw.length - (/\S+$/.exec(raw)?.[0].length ?? 0)
  for (const open of [/<(?=[\p{L}/!?|｜])/gu, /!?\[/g, /\{(?=\s*")/g]) {
    for (const match of raw.matchAll(open)) {
      if (match.index >= settled) break
      if (raw.length - match.index > longestOpen) continue
      const end = endOf(raw.slice(match.index))
      // Open, or closed in the middle of the last word.
      if (end < 0 || match.index + end > settled) {
        settled = match.index
        break
      }
    }
  }
  return settled
}

const longestOpen = 4000

/** How long the construct is that begins here; -1 while it is open. */
function endOf(rest: string): number {
  const after = (sign: string | RegExp, from = 0) => {
    const at = typeof sign === 'string' ? rest.indexOf(sign, from) : rest.slice(from).search(sign) + from
    return at < from ? -1 : at + 1
  }
  const whole = /^<(tool_?calls?|function_?calls?|invoke|function|script|style|iframe|svg|object)\b/i.exec(rest)
  if (whole) {
    const close = new RegExp(`</${whole[1]}\\s*>`, 'i').exec(rest)
    return close ? close.index + close[0].length : -1
  }
  if (rest.startsWith('<')) return after('>')
  if (rest.startsWith('{')) return balanced(rest, 0)
  const close = rest.indexOf(']')
  // A bracket that nothing closes on its line is only a bracket.
  if (close < 0) return rest.includes('\n') ? 1 : -1
  const next = rest[close + 1]
  if (next === '(') return after(/[)\n]/, close + 1)
  // The definition of a reference takes its line.
  if (next === ':') return after('\n', close)
  if (next === '[') return after(/[\]\n]/, close + 2)
  return next === undefined ? -1 : close + 1
}

/** Without control, direction, zero-width, private and tag characters; look-alikes of ASCII as ASCII. */
export function visible(raw: string): string {
  return raw
    .replaceAll('\r\n', '\n')
    .normalize('NFC')
    .replaceAll(/[\uff01-\uff5e]/g, character => String.fromCharCode(character.charCodeAt(0) - 0xfee0))
    .replaceAll(/[\u2044\u2215\u29f8]/g, '/')
    .replaceAll(/[\ua789\ufe55\u2236]/g, ':')
    .replaceAll(/[\u2024\uff61]/g, '.')
    .replaceAll(/[\u2028\u2029\u0085]/g, '\n')
    .replaceAll(/\t/g, ' ')
    .replaceAll(INVISIBLE, '')
}

function unescaped(text: string): string {
  return text
    .replaceAll(/\\(?=[[\]()!*_<>`#|~:/.])/g, '')
    .replaceAll(
      /&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|(lt|gt|amp|quot|colon|sol|period|lpar|rpar|excl|lsqb|rsqb|commat|num));?/gi,
      (whole, hex, decimal, name) => {
        if (name) return NAMED[name.toLowerCase()] ?? whole
        const code = hex ? Number.parseInt(hex, 16) : Number(decimal)
        return code > 31 && code < 0xd800 ? visible(String.fromCodePoint(code)) : ''
      },
    )
}

/** Calls of tools, in the ways models write them; there are none to call. */
function withoutCalls(text: string): string {
  const result = text
    .replaceAll(/<(tool_?calls?|function_?calls?|invoke|function)\b[\s\S]*?(?:<\/\1\s*>|$)/gi, ' ')
    .replaceAll(/\[\/?(?:TOOL_CALLS?|TOOL_RESULTS?|AVAILABLE_TOOLS|INST)\][^\n]*/g, ' ')
    .replaceAll(/<[|｜]\s*python_tag\s*[|｜]>[^\n]*/g, ' ')
  if (!result.includes('{')) return result
  const ends = endsOfObjects(result)
  const [names, others] = [CALL_NAME, CALL_ARGUMENTS].map(expression => [...result.matchAll(expression)])
  const within = (found: RegExpExecArray[], start: number, end: number) => {
    // Looked for from the left, as the braces are: what stands before is not needed again.
    while (found.length > 0 && found[0].index < start) found.shift()
    return found.length > 0 && found[0].index + found[0][0].length <= end
  }
  let kept = ''
  let last = 0
  for (const [at, end] of ends) {
    if (at < last || !within(names, at, end) || !within(others, at, end)) continue
    kept += `${result.slice(last, at)} `
    last = end
  }
  return kept + result.slice(last)
}

/** Where each brace that opens is closed, in the order of their opening; the end of the text for those that are not. */
function endsOfObjects(text: string): Map<number, number> {
  const ends = new Map<number, number>()
  const open: number[] = []
  for (const { 0: brace, index } of text.matchAll(/[{}]/g)) {
    if (brace === '{') {
      open.push(index)
      ends.set(index, text.length)
    } else {
      const start = open.pop()
      if (start !== undefined) ends.set(start, index + 1)
    }
  }
  return ends
}

/** The end of the object that begins here; -1 when it does not end. */
function balanced(text: string, start: number): number {
  let depth = 0
  for (const { 0: brace, index } of text.slice(start).matchAll(/[{}]/g)) {
    depth += brace === '{' ? 1 : -1
    if (depth === 0) return start + index + 1
  }
  return -1
}

function withoutMarkup(text: string): string {
  return (
    text
      .replaceAll(/<!--[\s\S]*?(?:-->|$)/g, ' ')
      .replaceAll(/<(script|style|iframe|svg|object|template|noscript)\b[\s\S]*?(?:<\/\1\s*>|$)/gi, ' ')
      .replaceAll(/<(?:https?:|mailto:|www\.)([^<>\s]*)>/gi, whole => whole.slice(1, -1))
      .replaceAll(/<br\s*\/?>/gi, '\n')
      .replaceAll(/<[\p{L}/!?|｜][^<>]*>/gu, '')
      // One that is never closed goes to the end of its line.
      .replaceAll(/<(?:\/?[\p{L}]+[\s/][^<>\n]*=|[|｜])[^<>\n]*$/gmu, '')
  )
}

/** Without what only decorates: headings, quotes, tables, emphasis. A "<" that could open a tag is no such sign any more. */
function undecorated(text: string): string {
  return (
    text
      // First, or the expressions below go through long runs of them from each of their places.
      .replaceAll(/[ \t]+/g, ' ')
      .replaceAll(/<(?=[\p{L}/!?|｜])/gu, '‹')
      .replaceAll(/‹[^‹<>\n]*>/g, '')
      .replaceAll(/^[ \t]*\|?[ \t]*:?-{2,}:?[ \t]*(?:\|[ \t]*:?-{2,}:?[ \t]*)*\|?[ \t]*$/gm, '')
      .replaceAll(/^[ \t]*\|[ \t]*|[ \t]*\|[ \t]*$/gm, '')
      .replaceAll(/^[ \t]*(?:#{1,6}|>+)[ \t]+/gm, '')
      .replaceAll(/^[ \t]*(?:```|~~~)\w*[ \t]*$/gm, '')
      .replaceAll(/\*\*|~~|`+|(?<![\p{L}\p{N}_])__|__(?![\p{L}\p{N}_])/gu, '')
      .replaceAll(/(?<![\p{L}\p{N}*])\*(?=\S)|(?<=\S)\*(?![\p{L}\p{N}*])/gu, '')
      .replaceAll(/(?<=\])(?=[([])|(?<=!)(?=\[)/g, ' ')
      .replaceAll(/[ \t]+/g, ' ')
  )
}

function withoutBrackets(text: string, knows: (address: string) => boolean): string {
  return (
    text
      // Definitions of references and of footnotes.
      .replaceAll(/^[ ]{0,3}\[[^\]\n]{1,200}\]:[ \t]*<?(?:[a-z][a-z0-9+.-]*:|\/|www\.|\S+[./]\S|$)[^\n]*$/gim, '')
      .replaceAll(/!\[[^\]\n]*\](?:\([^)\n]*\)?|\[[^\]\n]*\])?/g, '')
      .replaceAll(/\[([^[\]\n]*)\]\(\s*<?([^)\s>]*)[^)\n]*\)?/g, (_, label: string, address: string) => {
        const bare = address.replace(/[.,;:]+$/, '')
        if (marks(label) && !address) return `[${label}]`
        return knows(bare) && !label.includes(bare) ? `${label} (${bare})` : label
      })
      .replaceAll(/\[([^[\]\n]*)\]\s?\[([^[\]\n]*)\]/g, (whole, label: string, reference: string) =>
        marks(label) ? whole : marks(reference) ? `${label} [${reference}]` : label,
      )
      .replaceAll(/\[\^[^\]\n]{0,40}\]/g, '')
      .replaceAll(/【(\d{1,3})[^】\n]{0,40}】/g, '[$1]')
      .replaceAll(/\[([^[\]\n]{1,60})\]/g, (whole, inside: string) => {
        const numbers = marks(inside)
        return numbers ? `${markStart}${numbers.join(',')}${markEnd}` : whole
      })
  )
}

/** The sources a mark names, or undefined if it is none: "1", "1, 2", "1-3", "Quelle 1", "Sources 1 and 2". */
function marks(inside: string): number[] | undefined {
  if (!MARK.test(inside)) return undefined
  const numbers: number[] = []
  for (const [, from, to] of inside.matchAll(/(\d{1,3})(?:\s*[-–]\s*(\d{1,3}))?/g)) {
    const first = Number(from)
    const last = to === undefined ? first : Math.min(Number(to), first + 9)
    for (let number = first; number <= last; number++) numbers.push(number)
  }
  return numbers
}

const SOURCE = '(?:(?:quellen?|sources?|doc(?:ument)?s?|dokumente?|ref|nr\\.?|no\\.?)\\s*)?#?\\s*'
const MARK = new RegExp(`^\\s*${SOURCE}\\d{1,3}(?:\\s*(?:,|;|&|-|–|und|and)\\s*${SOURCE}\\d{1,3})*\\s*$`, 'i')
const CALL_NAME = /["'](?:name|function|tool|tool_name|action|recipient_name|type)["']\s*:/g
const CALL_ARGUMENTS = /["'](?:arguments|parameters|args|params|input|tool_input|action_input|function)["']\s*:/g
const NAMED: Record<string, string> = {
  lt: '<',
  gt: '>',
  amp: '&',
  quot: '"',
  colon: ':',
  sol: '/',
  period: '.',
  lpar: '(',
  rpar: ')',
  excl: '!',
  lsqb: '[',
  rsqb: ']',
  commat: '@',
  num: '#',
}
/** Formats (zero width, direction, tags, soft hyphen), controls but line feeds, private use, halves of pairs, fillers, variation selectors. */
const INVISIBLE =
  /[\p{Cf}\p{Co}\p{Cs}\u115f\u1160\u2800\u3164\uffa0]|\p{Variation_Selector}|\u034f|\u17b4|\u17b5|(?!\n)\p{Cc}/gu
