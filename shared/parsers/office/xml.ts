/**
 * XML of office files: as a stream of its tags, or as trees. In trees, names are without their prefix, since programs choose
 * prefixes as they like; attributes keep theirs.
 */
import { wideOrder } from '../formats.ts'
import type { Trouble } from '../trouble.ts'
import { createXmlReader, type XmlHandler } from './xml-reader.ts'

export interface Element {
  /** Without prefix. */
  name: string
  /** By their names with prefix. */
  attributes: Record<string, string>
  children: (Element | string)[]
}

/** Elements nested deeper stand beside their parents: text is kept, structure is not. Word's own limit is about 30. */
const DEPTH = 250
/** Nodes of one tree: some 200 bytes each. */
const NODES = 400_000

export function localName(name: string): string {
  const colon = name.indexOf(':')
  return colon === -1 ? name : name.slice(colon + 1)
}

/** Hands a file to a handler; yields after each piece, so that what the handler made of it can be passed on. */
export async function* readXml(
  pieces: AsyncIterable<Uint8Array>,
  handler: XmlHandler,
  namespaces: ReadonlyMap<string, string> = NONE,
  text: { ended: boolean } = { ended: false },
): AsyncGenerator<undefined, { damaged: boolean }> {
  const reader = createXmlReader(namespaces, handler)
  for await (const piece of decodeXml(pieces)) {
    reader.write(piece)
    yield
  }
  text.ended = true
  return reader.end()
}

const NONE: ReadonlyMap<string, string> = new Map()

/** What comes of a file, with the names it uses. */
export interface XmlEvents {
  onopentagname?(name: string): void
  /** After `onopentagname`. */
  onattribute?(name: string, value: string): void
  /** After both. */
  onopentag?(name: string, attributes: Record<string, string>, implied: boolean): void
  ontext?(text: string): void
  onclosetag?(name: string, implied: boolean): void
}

/**
 * Hands the pieces to a handler one by one; after each, whoever asks can take what it made of it. `text.ended` tells the
 * handler that what is closed now was never closed by the text itself.
 */
export async function* parseXml(
  pieces: AsyncIterable<Uint8Array>,
  handler: XmlEvents,
  text: { ended: boolean } = { ended: false },
): AsyncGenerator<void> {
  const { onopentagname, onattribute, onopentag, ontext, onclosetag } = handler
  const events: XmlHandler = {
    open(tag) {
      onopentagname?.(tag.name)
      if (onattribute) tag.each((name, value) => onattribute(name, value))
      onopentag?.(tag.name, tag.attributes(), false)
    },
    close: name => onclosetag?.(name, text.ended),
    text: data => ontext?.(data),
  }
  yield* readXml(pieces, events, NONE, text)
  yield
}

/** The bytes of an XML file as text: as its mark or its first line says, else UTF-8. */
async function* decodeXml(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let decoder: Decoder | undefined
  for await (const piece of pieces) {
    if (piece.length === 0) continue
    decoder ??= decoderOf(piece)
    yield decoder.decode(piece, { stream: true })
  }
  if (decoder) yield decoder.decode()
}

type Decoder = InstanceType<typeof TextDecoder>

function decoderOf(head: Uint8Array): Decoder {
  if (head[0] === 0xff && head[1] === 0xfe) return new TextDecoder('utf-16le')
  if (head[0] === 0xfe && head[1] === 0xff) return new TextDecoder('utf-16be')
  const wide = wideOrder(head.subarray(0, 200))
  if (wide) return new TextDecoder(`utf-16${wide}`)
  const start = Buffer.from(head.buffer, head.byteOffset, Math.min(head.length, 200)).toString('latin1')
  const declared = /^\s*<\?xml[^>]*encoding\s*=\s*["']([\w.-]+)["']/.exec(start)?.[1] ?? 'utf-8'
  try {
    return new TextDecoder(/^utf-?16/i.test(declared) ? 'utf-8' : declared)
  } catch {
    return new TextDecoder()
  }
}

/**
 * Each outermost element of these names, with all it holds; without names the root. What stands around them is not kept, so
 * that a presentation of a thousand pages never lies in memory as a whole.
 */
export async function* elementsOf(
  pieces: AsyncIterable<Uint8Array>,
  names: ReadonlySet<string> | undefined,
  trouble: Trouble,
): AsyncGenerator<Element> {
  const ready: Element[] = []
  const stack: Element[] = []
  let beyond = 0
  let nodes = 0
  let unfinished = false
  const state = { ended: false }
  const handler: XmlHandler = {
    open(tag) {
      const name = localName(tag.name)
      if (stack.length === 0 && names && !names.has(name)) return
      if (stack.length >= DEPTH || ++nodes > NODES) {
        beyond++
        if (nodes > NODES) trouble.cut(`more than ${NODES} nodes in one part`)
        else trouble.deep()
        return
      }
      const element: Element = { name, attributes: tag.attributes(), children: [] }
      stack[stack.length - 1]?.children.push(element)
      stack.push(element)
    },
    text(text) {
      const parent = stack[stack.length - 1]
      if (!parent || nodes > NODES) return
      const last = parent.children.length - 1
      const before = parent.children[last]
      if (typeof before === 'string') parent.children[last] = before + text
      else parent.children.push(text)
    },
    close(full) {
      if (stack.length === 0) return
      if (beyond > 0) {
        beyond--
        return
      }
      if (state.ended) unfinished = true
      const element = stack.pop()!
      if (stack.length > 0 || (names && !names.has(localName(full)))) return
      nodes = 0
      ready.push(element)
    },
  }
  try {
    for await (const _ of readXml(pieces, handler, NONE, state)) yield* ready.splice(0)
    // The last of them may be closed by the end alone.
    yield* ready.splice(0)
  } finally {
    if (unfinished) trouble.damaged('a part ends before its root does')
  }
}

/** The elements inside, of this name or all. */
export function childrenOf(element: Element | undefined, name?: string): Element[] {
  const found: Element[] = []
  for (const child of element?.children ?? [])
    if (typeof child !== 'string' && (name === undefined || child.name === name)) found.push(child)
  return found
}

export function childOf(element: Element | undefined, ...path: string[]): Element | undefined {
  let at = element
  for (const name of path) at = at?.children.find(child => typeof child !== 'string' && child.name === name) as Element
  return at
}

/** All of this name however deep, in order, none inside another; `skip` names are not entered. */
export function descendantsOf(element: Element | undefined, name: string, skip?: ReadonlySet<string>): Element[] {
  const found: Element[] = []
  for (const child of childrenOf(element)) {
    if (child.name === name) found.push(child)
    else if (!skip?.has(child.name)) found.push(...descendantsOf(child, name, skip))
  }
  return found
}

/** The attribute, whatever prefix stands before it: unprefixed first. */
export function attributeOf(element: Element | undefined, name: string): string | undefined {
  if (!element) return undefined
  if (element.attributes[name] !== undefined) return element.attributes[name]
  const suffix = `:${name}`
  for (const key in element.attributes) if (key.endsWith(suffix)) return element.attributes[key]
  return undefined
}

/** The attribute with a prefix, such as the `r:id` beside an `id`. */
export function relationOf(element: Element | undefined, name = 'id'): string | undefined {
  const suffix = `:${name}`
  for (const key in element?.attributes) if (key.endsWith(suffix)) return element.attributes[key]
  return undefined
}

/** All text inside, as it stands. */
export function rawText(element: Element | undefined): string {
  let text = ''
  for (const child of element?.children ?? []) text += typeof child === 'string' ? child : rawText(child)
  return text
}

// What Excel and PowerPoint write for characters XML has not (ECMA-376 part 1, 22.9.2.19).
const ESCAPED = /_x([0-9a-fA-F]{4})_/g
export function unescaped(text: string): string {
  if (!text.includes('_x')) return text
  return text.replace(ESCAPED, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
}
