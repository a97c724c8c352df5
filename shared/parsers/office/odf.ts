/** OpenDocument files: a ZIP with all text in `content.xml` (ODF 1.3, part 2). */
import { AppError } from '../../errors.ts'
import { createTrouble } from '../trouble.ts'
import { type Archive, openArchive } from '../zip/archive.ts'
import { unlockOpenDocument } from '../zip/odf-password.ts'
import { createPackage } from './package.ts'
import { attributeOf, descendantsOf } from './xml.ts'

const KIND = /^application\/(?:vnd\.oasis\.opendocument|vnd\.sun\.xml)\.([\w.-]+)/

/** What kinds there are of each, by the last word of its media type: templates, masters, those of OpenOffice.org 1. */
const KINDS: Record<string, RegExp | undefined> = {
  text: /^(?:text|writer)/,
  spreadsheet: /^(?:spreadsheet|calc)/,
  presentation: /^(?:presentation|impress)/,
}

/**
 * Opens one of this media type (templates count as what they are for). Throws `type-mismatch` for another kind of document,
 * `password-protected`, `password-wrong`, `damaged`, and what `openArchive` throws.
 */
export async function openOpenDocument(file: string, mediaType: string, password?: string): Promise<Archive> {
  const archive = await openArchive(file)
  try {
    const mimetype = archive.find('mimetype')
    const said = mimetype && mimetype.size < 200 ? (await archive.read(mimetype)).bytes.toString('latin1').trim() : ''
    const kind = KIND.exec(said)?.[1]
    const wanted = KINDS[mediaType.slice(mediaType.lastIndexOf('.') + 1)]
    if (kind !== undefined && wanted && !wanted.test(kind)) throw new AppError('type-mismatch', { type: mediaType })
    const parts = createPackage(
      archive,
      createTrouble(() => {}),
    )
    const manifest = await parts.root('META-INF/manifest.xml')
    const isEncrypted = manifest
      ? descendantsOf(manifest, 'file-entry').some(
          entry =>
            /^(?:content\.xml|encrypted-package)$/.test(attributeOf(entry, 'full-path') ?? '') &&
            descendantsOf(entry, 'encryption-data').length > 0,
        )
      : parts.has('encrypted-package')
    if (isEncrypted) {
      if (password === undefined) throw new AppError('password-protected')
      return await unlockOpenDocument(archive, password)
    }
    if (!parts.has('content.xml')) {
      const other = ['[Content_Types].xml', 'META-INF/container.xml'].some(parts.has)
      throw other ? new AppError('type-mismatch', { type: mediaType }) : new AppError('damaged')
    }
    return archive
  } catch (error) {
    await archive.close()
    throw error
  }
}
