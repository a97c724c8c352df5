import { createReadStream } from 'node:fs'
import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { evalDirectory } from './eval-directory.ts'
import { writeManual } from './write-manual.ts'

export interface Manual {
  name: string
  file: string
}

/** The PDF files of `real/`, largest first; none where there are none. */
export async function realManuals(): Promise<Manual[]> {
  const folder = path.join(evalDirectory() ?? '', 'real')
  const names = evalDirectory() === undefined ? [] : await readdir(folder).catch(() => [])
  return names
    .filter(name => name.endsWith('.pdf'))
    .sort()
    .map(name => ({ name, file: path.join(folder, name) }))
}

export const open = (manual: Manual) => () => createReadStream(manual.file)

/** The two large manuals, or two generated ones. */
export async function bigManuals(note: (line: string) => void, folder: string): Promise<Manual[]> {
  const real = (await realManuals()).filter(manual => manual.name.startsWith('debian-installation'))
  if (real.length > 0) return real
  note('without EVAL_DIR: generated PDF files in place of the real manuals')
  return Promise.all([129, 113].map(pages => writeManual(folder, pages)))
}

/** The manual of 129 pages, or a generated one of as many. */
export async function manualOf129(note: (line: string) => void, folder: string): Promise<Manual> {
  const real = (await realManuals()).find(manual => manual.name === 'debian-installation.de.pdf')
  if (real) return real
  note('without EVAL_DIR: a generated PDF file in place of the real manual')
  return writeManual(folder, 129)
}
