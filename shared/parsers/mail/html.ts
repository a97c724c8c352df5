import { Parser } from 'htmlparser2'
import type { Block, BlockKind } from '../../model/index.ts'
import { tidy } from './blocks.ts'

const apart =
  /^(?:address|article|aside|blockquote|br|center|dd|div|dl|dt|fieldset|figcaption|figure|footer|form|h[1-6]|header|hr|li|main|nav|ol|p|pre|section|table|tbody|td|tfoot|th|thead|tr|ul)$/
const unseen = /^(?:head|script|style|template|title|noscript)$/

/** The text of a mail's HTML body: what stands apart is a block of its own. */
export function htmlBlocks(html: string): Block[] {
  const blocks: Block[] = []
  let text = ''
  let kind: BlockKind = 'paragraph'
  let hidden = 0
  const flush = () => {
    const clean = tidy(text)
    if (clean !== '') blocks.push({ kind, text: clean })
    text = ''
    kind = 'paragraph'
  }
  const parser = new Parser(
    {
      onopentagname(name) {
        if (unseen.test(name)) hidden += 1
        if (!apart.test(name)) return
        flush()
        if (name === 'li') kind = 'list-item'
      },
      ontext(data) {
        if (hidden === 0) text += data
      },
      onclosetag(name) {
        if (unseen.test(name) && hidden > 0) hidden -= 1
        if (apart.test(name)) flush()
      },
    },
    { decodeEntities: true },
  )
  parser.end(html)
  flush()
  return blocks
}
