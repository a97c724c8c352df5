/**
 * The elements of an HTML text, opened and closed in pairs whatever the text does: as browsers read it, as far as that
 * changes what stands where.
 *
 * Only the tokenizer is htmlparser2's. Its parser moves its whole stack with each element: 100,000 nested ones took it
 * seconds, with stray ends minutes.
 */
import { Tokenizer, type TokenizerCallbacks } from 'htmlparser2'

/** Those in `KEPT`, by lower-case name; one without a value is empty. */
export type Attributes = Readonly<Record<string, string>>

export interface ElementHandler {
  open(name: string, attributes: Attributes): void
  /** Always the innermost that is open. */
  close(name: string): void
  text(text: string): void
  /** An end that fits nothing. */
  stray(name: string): void
}

export interface ElementReader {
  write(piece: string): void
  end(): void
}

const KEPT: ReadonlySet<string> = new Set(
  `alt aria-label class colspan content epub:type hidden height id label open placeholder reversed role rowspan scope selected
  srcdoc start style type value width`.split(/\s+/),
)
const NONE: Attributes = Object.freeze({})
// An attribute longer than this says nothing about the text.
const MAX_VALUE = 1_000_000
// How far up an element is looked for. Nothing written by people or programs is left open more often.
const NEAR = 250
// What a name may begin with that goes on in the next piece.
const TAIL = 1_000

const VOID: ReadonlySet<string> = new Set(
  'area base basefont bgsound br col embed frame hr img input keygen link meta param source track wbr'.split(' '),
)
/** Elements that stand apart from the text around them. */
export const BLOCKS: ReadonlySet<string> = new Set(
  `address article aside blockquote body caption center dd details dialog dir div dl dt fieldset figcaption figure footer form
  h1 h2 h3 h4 h5 h6 header hgroup hr html legend li listing main menu nav ol optgroup p plaintext pre search section summary table tbody
  td tfoot th thead tr ul xmp`.split(/\s+/),
)
const ENDS_PARAGRAPH: ReadonlySet<string> = new Set(
  `address article aside blockquote center dd details dialog dir div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6
  header hgroup hr li listing main menu nav ol p plaintext pre search section summary ul xmp`.split(/\s+/),
)
// Ends inside one of these close nothing outside of it (HTML, 13.2.4.2: the scope of an element).
const SCOPES: ReadonlySet<string> = new Set(['table', 'td', 'th', 'caption', 'object', 'template', 'foreignObject'])
const PARTS_OF_TABLE: ReadonlySet<string> = new Set('table caption colgroup thead tbody tfoot tr td th'.split(' '))

/** What an element closes when it begins: the nearest of `closes`, unless one of `within` comes first. */
interface Implied {
  closes: ReadonlySet<string>
  within: ReadonlySet<string>
}

const implied = (closes: string, within: string): Implied => ({
  closes: new Set(closes.split(' ')),
  within: new Set(within.split(' ')),
})
const IMPLIED: ReadonlyMap<string, Implied> = new Map([
  ['li', implied('li', 'ul ol menu dir table td th section article blockquote')],
  ['dt', implied('dt dd', 'dl table td th section article blockquote')],
  ['dd', implied('dt dd', 'dl table td th section article blockquote')],
  ['td', implied('td th', 'tr table')],
  ['th', implied('td th', 'tr table')],
  ['tr', implied('tr', 'thead tbody tfoot table')],
  ['thead', implied('thead tbody tfoot caption colgroup', 'table')],
  ['tbody', implied('thead tbody tfoot caption colgroup', 'table')],
  ['tfoot', implied('thead tbody tfoot caption colgroup', 'table')],
  ['option', implied('option', 'select optgroup datalist')],
  ['optgroup', implied('optgroup', 'select')],
  ['a', implied('a', 'table td th')],
])
const HEADING = /^h[1-6]$/

/** `xhtml`: an element may be closed by the slash in its own tag. */
export function createElementReader(handler: ElementHandler, { xhtml = false } = {}): ElementReader {
  const stack: string[] = []
  const counts = new Map<string, number>()
  let source = ''
  let offset = 0
  let name = ''
  let attribute = ''
  let value = ''
  let attributes: Record<string, string> | undefined
  let foreign = 0

  const slice = (from: number, to: number) => source.slice(Math.max(0, from - offset), to - offset)

  function pop() {
    const closed = stack.pop()!
    counts.set(closed, counts.get(closed)! - 1)
    if (closed === 'svg' || closed === 'math') foreign--
    handler.close(closed)
  }

  function closeDownTo(at: number) {
    while (stack.length > at) pop()
  }

  /** Where the nearest of them is open, -1 if there is none or something is in between that it does not cross. */
  function nearest(wanted: (name: string) => boolean, stops: (name: string) => boolean): number {
    const lowest = Math.max(0, stack.length - NEAR)
    for (let at = stack.length - 1; at >= lowest; at--) {
      if (wanted(stack[at]!)) return at
      if (stops(stack[at]!)) return -1
    }
    return -1
  }

  function begin() {
    const own = name
    if (ENDS_PARAGRAPH.has(own) && (counts.get('p') ?? 0) > 0) {
      const at = nearest(
        open => open === 'p',
        open => BLOCKS.has(open) || SCOPES.has(open) || open === 'button',
      )
      if (at !== -1) closeDownTo(at)
    }
    if (HEADING.test(own) && HEADING.test(stack.at(-1) ?? '')) pop()
    const rule = IMPLIED.get(own)
    if (rule) {
      const at = nearest(
        open => rule.closes.has(open),
        open => rule.within.has(open),
      )
      if (at !== -1) closeDownTo(at)
    }
    handler.open(own, attributes ?? NONE)
    attributes = undefined
    if (VOID.has(own)) {
      handler.close(own)
      return
    }
    stack.push(own)
    counts.set(own, (counts.get(own) ?? 0) + 1)
    if (own === 'svg' || own === 'math') foreign++
  }

  function end(closing: string) {
    if (closing === 'html' || closing === 'body') return
    if (VOID.has(closing)) {
      // Browsers make a break of it.
      if (closing === 'br') {
        handler.open('br', NONE)
        handler.close('br')
      }
      return
    }
    if ((counts.get(closing) ?? 0) === 0) {
      handler.stray(closing)
      return
    }
    const block = BLOCKS.has(closing)
    const stops = PARTS_OF_TABLE.has(closing)
      ? (open: string) => open === 'table'
      : (open: string) => SCOPES.has(open) || (!block && BLOCKS.has(open))
    const at = nearest(open => open === closing, stops)
    if (at === -1) handler.stray(closing)
    else closeDownTo(at)
  }

  const callbacks: TokenizerCallbacks = {
    ontext(from, to) {
      handler.text(slice(from, to))
    },
    ontextentity(code) {
      handler.text(String.fromCodePoint(code))
    },
    onopentagname(from, to) {
      name = slice(from, to)
      // Names of SVG are written with capitals, and the tokenizer asks for none of them.
      name = name.toLowerCase()
      if (name === 'image' && foreign === 0) name = 'img'
      attributes = undefined
    },
    onattribname(from, to) {
      attribute = slice(from, to).toLowerCase()
      if (!KEPT.has(attribute)) attribute = ''
      value = ''
    },
    onattribdata(from, to) {
      if (attribute !== '' && value.length < MAX_VALUE) value += slice(from, to)
    },
    onattribentity(code) {
      if (attribute !== '') value += String.fromCodePoint(code)
    },
    onattribend() {
      if (attribute === '') return
      attributes ??= {}
      attributes[attribute] ??= value
      attribute = ''
    },
    onopentagend: begin,
    onselfclosingtag() {
      const own = name
      begin()
      if ((xhtml || foreign > 0) && !VOID.has(own)) pop()
    },
    onclosetag(from, to) {
      end(slice(from, to).toLowerCase())
    },
    oncdata(from, to, length) {
      if (xhtml || foreign > 0) handler.text(slice(from, to - length))
    },
    oncomment() {},
    ondeclaration() {},
    onprocessinginstruction() {},
    onend() {
      closeDownTo(0)
    },
    isInForeignContext: () => foreign > 0,
  }
  const tokenizer = new Tokenizer({ recognizeSelfClosing: xhtml }, callbacks)

  return {
    write(piece) {
      const kept = Math.max(0, source.length - TAIL)
      offset += kept
      source = source.slice(kept) + piece
      tokenizer.write(piece)
    },
    end() {
      tokenizer.end()
    },
  }
}
