/**
 * Text recognition against the text layer: five pages of the German installation manual, drawn at 200 dpi and read as
 * pictures. Words and their places come from `pdftotext -bbox`, which is to be installed. `-- ocr 20,60` names other pages.
 */
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { parseBoxes } from '../shared/eval/witness.ts'
import type { Rectangle, Segment } from '../shared/model/index.ts'
import { createParsers } from '../shared/parsers/parsers.ts'
import { createForkedProcesses } from '../shared/processes/fork.ts'
import { evalDirectory } from './eval-directory.ts'
import { atLeast, type Bench, told } from './figure.ts'

interface Word {
  text: string
  rect: Rectangle
}

/** Prose, lists, a page of file names, a page with tables. */
const usualPages = [20, 33, 45, 60, 75]
const umlauts = /[äöüÄÖÜß]/

export const bench: Bench = async ({ note, args }) => {
  const folder = evalDirectory()
  if (folder === undefined) throw new Error('EVAL_DIR names no folder with the manual')
  const file = path.join(folder, 'real/debian-installation.de.pdf')
  const pages = args[0]?.split(',').map(Number) ?? usualPages
  const log = { debug() {}, info() {}, warn() {}, error() {} }
  const entry = (name: string) => fileURLToPath(new URL(`../shared/parsers/${name}`, import.meta.url))
  const entries = { parser: entry('process.ts'), recognizer: entry('ocr/process.ts') }
  const processes = createForkedProcesses({ entries, log })
  let pid: number | undefined
  const parsers = createParsers({
    spawn: () => processes.spawn('parser'),
    spawnRecognizer() {
      const child = processes.spawn('recognizer')
      pid = child.pid
      return child
    },
    log,
  })
  const sums = { words: 0, found: 0, umlauts: 0, umlautsFound: 0, placed: 0, seconds: 0 }
  let confidence = 0
  try {
    for (const page of pages) {
      const started = performance.now()
      const segment = await parsers.recognize({ file, name: 'manual.pdf', page })
      const seconds = (performance.now() - started) / 1000
      const counted = compare(await wordsOfPage(file, page), wordsOf(segment))
      note(`page ${page}: ${counted.found} of ${counted.words} words, ${seconds.toFixed(1)} s; not: ${counted.missed}`)
      for (const key of ['words', 'found', 'umlauts', 'umlautsFound', 'placed'] as const) sums[key] += counted[key]
      sums.seconds += seconds
      confidence += segment.recognition?.confidence ?? 0
    }
    const { memory, cpu } = await usageOf(pid)
    return [
      atLeast('words of the text layer that were recognised', sums.found / sums.words, '', 0.95),
      atLeast('words with umlauts that were', sums.umlautsFound / sums.umlauts, '', 0.95),
      atLeast('of them with their centre in the true box, and theirs in it', sums.placed / sums.found, '', 0.9),
      told('mean confidence', confidence / pages.length, ''),
      told('a page', sums.seconds / pages.length, 's'),
      told('a page, CPU, start of the process included', cpu / pages.length, 's'),
      told('memory of the process, at most', memory, 'MB'),
    ]
  } finally {
    await parsers.close()
  }
}

const plain = (text: string) => text.normalize('NFKC').replace(/[^\p{L}\p{N}]+/gu, '')

/** Each word of the layer once: one that reads the same, at the same place first. */
function compare(layer: readonly Word[], read: readonly Word[]) {
  const left = new Map<string, Word[]>()
  for (const word of read) left.set(plain(word.text), [...(left.get(plain(word.text)) ?? []), word])
  const counted = { words: 0, found: 0, umlauts: 0, umlautsFound: 0, placed: 0, missed: '' }
  for (const word of layer) {
    const text = plain(word.text)
    if (text === '') continue
    const same = left.get(text) ?? []
    const here = same.findIndex(other => inside(other.rect, word.rect) && inside(word.rect, other.rect))
    const [found] = same.length > 0 ? same.splice(Math.max(0, here), 1) : []
    counted.words += 1
    counted.umlauts += umlauts.test(text) ? 1 : 0
    if (!found) {
      counted.missed += ` ${word.text}`
      continue
    }
    counted.found += 1
    counted.umlautsFound += umlauts.test(text) ? 1 : 0
    counted.placed += here >= 0 ? 1 : 0
  }
  return counted
}

/** Whether the centre of the one lies in the other. */
function inside([left, top, right, bottom]: Rectangle, other: Rectangle): boolean {
  const x = (left + right) / 2
  const y = (top + bottom) / 2
  return x >= other[0] && x <= other[2] && y >= other[1] && y <= other[3]
}

function wordsOf(segment: Segment): Word[] {
  return [...segment.blocks, ...(segment.margins ?? [])].flatMap(({ text, runs }) =>
    (runs ?? []).map(({ at, end, rect }) => ({ text: text.slice(at, end), rect })),
  )
}

async function wordsOfPage(file: string, page: number): Promise<Word[]> {
  const { stdout } = await promisify(execFile)('pdftotext', ['-bbox', '-f', `${page}`, '-l', `${page}`, file, '-'])
  return (parseBoxes(stdout)[0] ?? []).map(({ text, box }) => ({ text, rect: box }))
}

/** Of a living process, from Linux's own book-keeping. */
async function usageOf(pid: number | undefined): Promise<{ memory: number; cpu: number }> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).replace(/^.*\) /s, '').split(' ')
  const ticksPerSecond = 100
  return {
    memory: Number(/VmHWM:\s*(\d+)/.exec(status)?.[1]) / 1024,
    cpu: (Number(fields[11]) + Number(fields[12])) / ticksPerSecond,
  }
}
