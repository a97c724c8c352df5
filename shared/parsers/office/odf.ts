/** OpenDocument files: a ZIP with all text in `content.xml` (ODF 1.3, part 2). */
import { AppError } from '../../errors.ts'
import { type Archive, openArchive } from '../zip/archive.ts'
import { unlockOpenDocument } from '../zip/odf-password.ts'
import { createPackage } from './package.ts'
import { createTrouble } from './trouble.ts'
import { attributeOf, descendantsOf } from './xml.ts'

/**
 * Opens one of this media type (templates count as what they are for). Throws `type-mismatch` for another kind of document,
 * `password-protected`, `password-wrong`, `damaged`, and what `openArchive` throws.
 */
export async function openOpenDocument(file: string, mediaType: string, password?: string): Promise<Archive> {
  const archive = await openArchive(file)
  try {
    const mimetype = archive.find('mimetype')
    const said = mimetype ? (await archive.read(mimetype)).bytes.toString('latin1').trim() : ''
    const known = said.startsWith('application/vnd.oasis.opendocument.')
    if (known && said.replace(/-template$/, '') !== mediaType) throw new AppError('type-mismatch', { type: mediaType })
    const parts = createPackage(
      archive,
      createTrouble(() => {}),
    )
    const manifest = await parts.root('META-INF/manifest.xml')
    const protectedParts = descendantsOf(manifest, 'file-entry').filter(
      entry => descendantsOf(entry, 'encryption-data').length > 0,
    )
    if (
      protectedParts.some(entry => /^(?:content\.xml|encrypted-package)$/.test(attributeOf(entry, 'full-path') ?? ''))
    ) {
      if (password === undefined) throw new AppError('password-protected')
      return await unlockOpenDocument(archive, password)
    }
    if (!parts.has('content.xml')) {
      const office = ['xl/workbook.xml', 'word/document.xml', 'ppt/presentation.xml'].some(parts.has)
      throw office ? new AppError('type-mismatch', { type: mediaType }) : new AppError('damaged')
    }
    return archive
  } catch (error) {
    await archive.close()
    throw error
  }
}
