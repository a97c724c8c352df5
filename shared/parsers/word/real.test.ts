import { readdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { AppError } from '../../errors.ts'
import { HEAD } from '../formats.ts'
import { type Read, readAs, shown } from './fixture-reading.ts'

const folder = process.env.EVAL_DIR === undefined ? undefined : join(process.env.EVAL_DIR, 'office-odd')

async function read(name: string, password?: string): Promise<Read> {
  const file = join(folder ?? '', name)
  return readAs(name, file, (await readFile(file)).subarray(0, HEAD), password)
}

describe.skipIf(folder === undefined)('real files (needs EVAL_DIR)', () => {
  it('end in blocks or in a clear error', async () => {
    const names = readdirSync(folder ?? '').filter(name => /\.(?:docx|odt|rtf)$/.test(name))
    expect(names.length).toBeGreaterThan(50)
    for (const name of names)
      try {
        const { blocks } = await read(name)
        for (const { text } of blocks) expect(text).toMatch(/^\S(?:.*\S)?$/)
      } catch (error) {
        if (!(error instanceof AppError)) throw new Error(name, { cause: error })
      }
  }, 120_000)

  // What LibreOffice and Word show of them.
  it.each([
    ['ComplexNumberedLists.docx', undefined, 'li '],
    ['testWORD_numbered_list.docx', undefined, 'li iii) List'],
    ['testWORD_text_box.docx', undefined, 'p This text is inside of a text box in the body of the document.'],
    ['checkboxes.docx', undefined, 'p Or checked: ☒'],
    ['testRTFListLibreOffice.rtf', undefined, 'li 1. '],
    ['testRTFWordPadCzechCharacters.rtf', undefined, 'ř'],
    ['58067.docx', undefined, 'p This is a whole paragraph where one word is deleted.'],
  ])('show %s', async (name, password, line) => {
    expect(shown((await read(name, password)).blocks).some(shownLine => shownLine.includes(line))).toBe(true)
  })

  it('are opened with their passwords', async () => {
    expect((await read('testWORD_protected_passtika.docx', 'tika')).blocks.length).toBeGreaterThan(0)
    await expect(read('bug53475-password-is-pass.docx', 'falsch')).rejects.toMatchObject({ code: 'password-wrong' })
    await expect(read('testODTEncrypted.odt')).rejects.toMatchObject({ code: 'password-protected' })
  }, 30_000)
})
