import type { Package, Relationship } from '../office/package.ts'
import { readXml } from '../office/xml.ts'
import type { Tag } from '../office/xml-reader.ts'
import { isOn } from './docx-styles.ts'
import { NAMESPACES } from './namespaces.ts'

/**
 * The headers and then the footers that are shown on some page: those of first and of even pages lie in the file also where
 * there are none. All, where nothing refers to any. Costs a reading of the document where it has any.
 */
export async function shownMargins(
  parts: Package,
  main: string,
  relations: readonly Relationship[],
): Promise<string[]> {
  const margins = relations.filter(({ type }) => type === 'header' || type === 'footer')
  if (margins.length === 0) return []
  const kinds = new Map<string, string>()
  let first = false
  let even = false
  await readOpenTags(parts, main, tag => {
    if (tag.name === 'w:headerReference' || tag.name === 'w:footerReference')
      kinds.set(tag.attribute('r:id') ?? '', tag.attribute('w:type') ?? 'default')
    else if (tag.name === 'w:titlePg') first ||= isOn(tag.attribute('w:val'))
  })
  for (const { type, target } of relations)
    if (type === 'settings')
      await readOpenTags(parts, target, tag => {
        if (tag.name === 'w:evenAndOddHeaders') even = isOn(tag.attribute('w:val'))
      })
  const shown = margins.filter(({ id }) => {
    const kind = kinds.get(id)
    return kind === 'first' ? first : kind === 'even' ? even : kind !== undefined
  })
  const wanted = kinds.size === 0 ? margins : shown
  return ['header', 'footer'].flatMap(type => wanted.filter(one => one.type === type).map(({ target }) => target))
}

async function readOpenTags(parts: Package, part: string, open: (tag: Tag) => void): Promise<void> {
  for await (const _ of readXml(parts.stream(part), { open, close() {}, text() {} }, NAMESPACES));
}
