/** The manuals of a first visit, and what is asked about them. */
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { setManual } from '../../scripts/samples/set-manual.ts'
import { writePdf } from '../../scripts/write-pdf.ts'
import { root } from '../run-cli.ts'

export interface Manual {
  file: string
  pages: number
  question: string
  /** Answers it: begins a line on `page`. */
  sentence: string
  page: number
  /** Asked, but answered nowhere. */
  beyond: string
  bytes: Uint8Array
}

const beyond = 'Wer gewann 1974 die Weltmeisterschaft im Fußball?'

/** Ours, from the samples. */
export function clubManual(): Manual {
  return {
    file: 'vereinshandbuch.pdf',
    pages: 28,
    question: 'Wann beginnt die Nachtruhe?',
    sentence: 'Die Nachtruhe beginnt im Allgemeinen um 22 Uhr und dauert bis 6 Uhr.',
    page: 23,
    beyond,
    bytes: readFileSync(path.join(root, 'samples/vereinshandbuch.pdf')),
  }
}

/** The German installation manual of Debian, where `EVAL_DIR` has it. */
export function installationManual(): Manual | undefined {
  const place = path.join(process.env.EVAL_DIR ?? '', 'real/debian-installation.de.pdf')
  if (!process.env.EVAL_DIR || !existsSync(place)) return undefined
  return {
    file: 'debian-installation.de.pdf',
    pages: 129,
    question: 'Mit welcher Taste wird die Sprachausgabe beim Installieren lauter?',
    sentence: 'Wenn die Ausgabe lauter sein soll, drücken Sie Feststelltaste-2.',
    page: 40,
    beyond,
    bytes: readFileSync(place),
  }
}

/** The same pages over and over: reading them takes a while. */
export function longManual(times: number): Uint8Array {
  const { pages } = setManual(readFileSync(path.join(root, 'scripts/samples/vereinshandbuch.md'), 'utf8'))
  return writePdf({ pages: Array.from({ length: times }, () => pages).flat() })
}
