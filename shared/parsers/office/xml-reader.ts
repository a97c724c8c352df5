/**
 * Reads XML piece by piece and forgives what is broken. No DTD is read and no entity but XML's own five is known.
 *
 * Not htmlparser2: it moves its whole stack with each element, so 100,000 nested elements took it 16 s, and 64 s with wrong
 * ends (here 0.1 s), and it makes an object of each element's attributes, of which a document of Word has thousands that
 * nobody asks for.
 */

/** An element's start, or all of one that is empty: its end is told too. */
export interface Tag {
  /** With the prefix the reader knows its namespace by, whatever the file calls it. */
  readonly name: string
  /** Of the attribute with this name, prefix and all as in the names of elements. */
  attribute(name: string): string | undefined
  /** All of them, by their names in the file. */
  attributes(): Record<string, string>
  /** The same one by one; where one comes twice, twice. */
  each(visit: (name: string, value: string) => void): void
}

export interface XmlHandler {
  open(tag: Tag): void
  close(name: string): void
  text(text: string): void
}

export interface XmlReader {
  write(piece: string): void
  /** Closes what is open. Whether anything was wrong: ends that fit nothing, or that are missing. */
  end(): { damaged: boolean }
}

// A tag longer than this is none; a picture in an attribute is not text either.
const MAX_TAG = 4 * 1024 ** 2
// How far up an end is looked for that does not fit the innermost element: real errors are near.
const NEAR = 64
const NAMES = 5_000

/** `namespaces`: the prefix that this reader's caller uses, for each address. */
export function createXmlReader(namespaces: ReadonlyMap<string, string>, handler: XmlHandler): XmlReader {
  const prefixes = new Map<string, string>()
  const names = new Map<string, string>()
  const stack: string[] = []
  let rest = ''
  let damaged = false

  function known(name: string): string {
    let canonical = names.get(name)
    if (canonical === undefined) {
      const colon = name.indexOf(':')
      const prefix = prefixes.get(colon === -1 ? '' : name.slice(0, colon))
      canonical = prefix === undefined ? name : `${prefix}:${name.slice(colon + 1)}`
      if (names.size > NAMES) names.clear()
      names.set(name, canonical)
    }
    return canonical
  }

  function declare(attributes: string) {
    for (const [, prefix = '', , double, single] of attributes.matchAll(
      /\bxmlns(?::([^\s=]+))?\s*=\s*("([^"]*)"|'([^']*)')/g,
    )) {
      const canonical = namespaces.get((double ?? single ?? '').trim())
      if (canonical === undefined ? !prefixes.has(prefix) : prefixes.get(prefix) === canonical) continue
      if (canonical === undefined) prefixes.delete(prefix)
      else prefixes.set(prefix, canonical)
      names.clear()
    }
  }

  function openTag(source: string) {
    const empty = source.endsWith('/')
    const length = source.search(/[\s/]/)
    const raw = length === -1 ? source : source.slice(0, length)
    if (raw === '') {
      damaged = true
      return
    }
    const attributes = length === -1 ? '' : source.slice(length, empty ? -1 : undefined)
    if (attributes.includes('xmlns')) declare(attributes)
    const name = known(raw)
    handler.open({
      name,
      attribute: wanted => attributeIn(attributes, wanted, known),
      attributes: () => attributesIn(attributes),
      each: visit => eachAttribute(attributes, (name, value) => visit(name, decodeEntities(value))),
    })
    if (empty) handler.close(name)
    else stack.push(name)
  }

  function closeTag(source: string) {
    const name = known(source.trim())
    let at = stack.length - 1
    while (at >= 0 && at >= stack.length - NEAR && stack[at] !== name) at--
    if (at < 0 || stack[at] !== name) {
      damaged = true
      return
    }
    if (at < stack.length - 1) damaged = true
    while (stack.length > at) handler.close(stack.pop() ?? '')
  }

  /** Takes one construct that begins with `<`; where it goes on, or -1 if its end is not there yet. */
  function take(source: string, at: number, ends: Ends): number {
    const next = source.charCodeAt(at + 1)
    if (next === SLASH) {
      const end = ends.tag(at)
      if (end !== -1) closeTag(source.slice(at + 2, end))
      return end === -1 ? -1 : end + 1
    }
    if (next === MARK) {
      const end = ends.mark(at)
      return end === -1 ? -1 : end + 2
    }
    if (next === BANG) {
      if (source.length - at < 9) return -1
      if (source.startsWith('<!--', at)) {
        const end = ends.comment(at + 4)
        return end === -1 ? -1 : end + 3
      }
      if (source.startsWith('<![CDATA[', at)) {
        const end = ends.data(at)
        if (end !== -1) handler.text(source.slice(at + 9, end))
        return end === -1 ? -1 : end + 3
      }
      return doctypeEnd(ends, at)
    }
    const end = tagEnd(source, at + 1)
    if (end === -1) return -1
    openTag(source.slice(at + 1, end))
    return source.charCodeAt(end) === MORE ? end + 1 : end
  }

  return {
    write(piece) {
      const source = rest === '' ? piece : rest + piece
      const ends = endsIn(source)
      let at = 0
      for (;;) {
        const less = source.indexOf('<', at)
        if (less === -1) {
          // An entity may go on in the next piece.
          const ampersand = source.lastIndexOf('&')
          const cut = ampersand >= at && ampersand > source.length - 12 ? ampersand : source.length
          if (cut > at) handler.text(decodeEntities(source.slice(at, cut)))
          at = cut
          break
        }
        if (less > at) handler.text(decodeEntities(source.slice(at, less)))
        const end = less + 1 < source.length ? take(source, less, ends) : -1
        at = end === -1 ? less : end
        if (end !== -1) continue
        if (source.length - less > MAX_TAG) {
          damaged = true
          at = less + 1
          continue
        }
        break
      }
      rest = source.slice(at)
    },
    end() {
      if (rest.trim() !== '') {
        damaged = true
        if (!rest.startsWith('<')) handler.text(decodeEntities(rest))
      }
      rest = ''
      if (stack.length > 0) damaged = true
      while (stack.length > 0) handler.close(stack.pop() ?? '')
      return { damaged }
    },
  }
}

const SLASH = 0x2f
const MARK = 0x3f
const BANG = 0x21
const MORE = 0x3e
const LESS = 0x3c
const DOUBLE = 0x22
const SINGLE = 0x27

/** The `>` behind the attributes, or a `<`, which cannot stand inside a tag: then its end is lost. */
function tagEnd(source: string, from: number): number {
  let quote = 0
  for (let at = from; at < source.length; at++) {
    const code = source.charCodeAt(at)
    if (code === LESS) return at
    if (quote !== 0) {
      if (code === quote) quote = 0
    } else if (code === MORE) return at
    else if (code === DOUBLE || code === SINGLE) quote = code
  }
  return -1
}

function doctypeEnd(ends: Ends, at: number): number {
  const end = ends.tag(at)
  const subset = ends.subset(at)
  if (subset === -1 || end === -1 || subset > end) return end === -1 ? -1 : end + 1
  const closed = ends.closed(subset)
  return closed === -1 ? -1 : ends.tag(closed) + 1
}

type Ends = Record<'tag' | 'mark' | 'comment' | 'data' | 'subset' | 'closed', (at: number) => number>

/**
 * Where each kind of construct ends next, or -1. Positions asked for only grow, so what was found or missed once is known:
 * of 48 MB of comments that never end, each looked for its end through all the others.
 */
function endsIn(source: string): Ends {
  return {
    tag: next(at => source.indexOf('>', at)),
    mark: next(at => source.indexOf('?>', at)),
    comment: next(at => source.indexOf('-->', at)),
    data: next(at => source.indexOf(']]>', at)),
    subset: next(at => source.indexOf('[', at)),
    closed: next(at => {
      const closed = /\]\s*>/g
      closed.lastIndex = at
      return closed.exec(source)?.index ?? -1
    }),
  }
}

function next(find: (at: number) => number): (at: number) => number {
  let found = -2
  return at => {
    if (found !== -1 && found < at) found = find(at)
    return found
  }
}

/** Each with its value as it stands in the file, until told to stop. A third faster than an expression over all of it. */
function eachAttribute(source: string, visit: (name: string, value: string) => unknown) {
  for (let at = 0; ; ) {
    const equals = source.indexOf('=', at)
    if (equals === -1) return
    let end = equals
    while (end > at && source.charCodeAt(end - 1) <= SPACE) end--
    let start = end
    while (start > at && source.charCodeAt(start - 1) > SPACE) start--
    let open = equals + 1
    while (source.charCodeAt(open) <= SPACE) open++
    const quote = source.charCodeAt(open)
    at = equals + 1
    if (quote !== DOUBLE && quote !== SINGLE) continue
    const close = source.indexOf(quote === DOUBLE ? '"' : "'", open + 1)
    if (close === -1) return
    at = close + 1
    if (start < end && visit(source.slice(start, end), source.slice(open + 1, close)) === true) return
  }
}

const SPACE = 0x20

function attributeIn(attributes: string, wanted: string, known: (name: string) => string): string | undefined {
  let found: string | undefined
  eachAttribute(attributes, (name, value) => {
    if ((name.includes(':') ? known(name) : name) !== wanted) return false
    found = decodeEntities(value)
    return true
  })
  return found
}

function attributesIn(attributes: string): Record<string, string> {
  const found: Record<string, string> = {}
  eachAttribute(attributes, (name, value) => {
    if (found[name] === undefined) found[name] = decodeEntities(value)
  })
  return found
}

const ENTITIES: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }

export function decodeEntities(text: string): string {
  if (!text.includes('&')) return text
  return text.replace(/&(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|(\w{2,4}));/g, (whole, decimal, hex, name) => {
    if (name !== undefined) return ENTITIES[name as string] ?? whole
    const code = decimal !== undefined ? Number(decimal) : Number.parseInt(hex as string, 16)
    return code > 0 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff) ? String.fromCodePoint(code) : ''
  })
}
