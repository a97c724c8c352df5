import { cleanText } from '../clean-text.ts'
import type { Package } from '../office/package.ts'
import { localName, parseXml, unescaped, type XmlEvents } from '../office/xml.ts'
import type { Trouble } from '../trouble.ts'

/** Texts that cells refer to by number. */
export interface SharedStrings {
  readonly count: number
  at(index: number): string
}

/** More are not kept; cells that refer to them are empty then, and the text counts as cut. */
const MOST_STRINGS = 4_000_000
const MOST_BYTES = 160 * 1024 ** 2
const PAGE = 1024 ** 2
/** Strings kept decoded: the same few stand in most cells. */
const RECENT = 4_096

/**
 * Reads all of them into bytes, not strings: a string cut from a piece of the file keeps the whole piece in memory. A
 * million of them take what they say and four bytes each.
 */
export async function readSharedStrings(
  parts: Package,
  part: string | undefined,
  trouble: Trouble,
): Promise<SharedStrings> {
  const pages: Buffer[] = []
  let page = Buffer.alloc(0)
  let used = 0
  const starts = createNumbers()
  const lengths = createNumbers()
  let count = 0
  let text = ''
  let phonetic = 0
  let takes = false
  const recent: string[] = []
  const recentIndex = new Int32Array(RECENT).fill(-1)

  function add(bytes: Buffer) {
    if (count >= MOST_STRINGS || pages.length * PAGE > MOST_BYTES) {
      trouble.cut(`more than ${count} shared strings`)
      return
    }
    // A string lies on one page: longer than a page it never is (Excel's limit is 32,767 characters); what is, is cut.
    const kept = bytes.length > PAGE ? bytes.subarray(0, PAGE) : bytes
    if (pages.length === 0 || used + kept.length > PAGE) {
      page = Buffer.alloc(PAGE)
      pages.push(page)
      used = 0
    }
    kept.copy(page, used)
    starts.push((pages.length - 1) * PAGE + used)
    lengths.push(kept.length)
    used += kept.length
    count++
  }

  if (part !== undefined) {
    const state = { ended: false }
    const handler: XmlEvents = {
      onopentagname(full) {
        const name = localName(full)
        if (name === 'si') text = ''
        else if (name === 'rPh') phonetic++
        else if (name === 't') takes = phonetic === 0
      },
      ontext(data) {
        if (takes) text += data
      },
      onclosetag(full) {
        const name = localName(full)
        if (name === 't') takes = false
        else if (name === 'rPh') phonetic--
        else if (name === 'si') {
          phonetic = 0
          add(Buffer.from(cleanText(unescaped(text)), 'utf8'))
        } else if (state.ended && name === 'sst') trouble.damaged('the shared strings end early')
      },
    }
    for await (const _ of parseXml(parts.stream(part), handler, state));
  }

  return {
    count,
    at(index) {
      if (!(index >= 0 && index < count)) return ''
      const slot = index % RECENT
      if (recentIndex[slot] === index) return recent[slot]!
      const start = starts.at(index)
      const offset = start % PAGE
      const string = pages[Math.floor(start / PAGE)]!.toString('utf8', offset, offset + lengths.at(index))
      recentIndex[slot] = index
      recent[slot] = string
      return string
    },
  }
}

/** A growing list of numbers below 2³². */
function createNumbers(): { push(value: number): void; at(index: number): number } {
  let list = new Uint32Array(1024)
  let count = 0
  return {
    push(value) {
      if (count === list.length) {
        const more = new Uint32Array(list.length * 2)
        more.set(list)
        list = more
      }
      list[count++] = value
    },
    at: index => list[index] ?? 0,
  }
}
