/** The manual among the samples: its text is `vereinshandbuch.md` beside this file. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { writePdf } from '../write-pdf.ts'
import { setManual } from './set-manual.ts'

export const clubManual = () => {
  const text = readFileSync(path.join(import.meta.dirname, 'vereinshandbuch.md'), 'utf8')
  return writePdf(setManual(text))
}
