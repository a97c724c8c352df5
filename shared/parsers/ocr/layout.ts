/** What was recognised, as blocks of a page. */
import type { Block, Rectangle, Run, Segment } from '../../model/index.ts'
import { jointOf } from '../pdf/joint.ts'

export interface Box {
  x0: number
  y0: number
  x1: number
  y1: number
}

/** The part of Tesseract's answer that is used. Boxes in pixels, confidences from 0 to 100. */
export interface Recognized {
  blocks: { paragraphs: { lines: RecognizedLine[] }[] }[] | null
}

export interface RecognizedLine {
  bbox: Box
  words: { text: string; confidence: number; bbox: Box }[]
}

export interface Layout {
  blocks: Block[]
  margins: Block[]
  /** Mean over the letters, 0 to 1; 0 without any. */
  confidence: number
  letters: number
}

/** A word below this that has no letter or digit is a speck; below the other one, whatever it has. */
const speck = 60
const nothing = 10
/** Share of the page's height where running headers and footers stand, and how far from the text, in heights of a line. */
const edge = 0.09
const edgeGap = 0.9
const wordLike = /[\p{L}\p{N}]/u

/** `toPage` turns a box of the picture into points of the page as shown. */
export function layOut(recognized: Recognized, height: number, toPage: (box: Box) => Rectangle): Layout {
  const paragraphs = (recognized.blocks ?? [])
    .flatMap(block => block.paragraphs)
    .map(({ lines }) => lines.map(line => ({ ...line, words: line.words.filter(isWord) })))
    .map(lines => lines.filter(line => line.words.length > 0))
    .filter(lines => lines.length > 0)
  let sure = 0
  let letters = 0
  for (const { words } of paragraphs.flat()) {
    for (const { text, confidence } of words) {
      sure += confidence * text.length
      letters += text.length
    }
  }
  const blocks: Block[] = []
  const margins: Block[] = []
  const all = paragraphs.flat().map(line => toPage(line.bbox))
  for (const lines of paragraphs) {
    const block = composed(lines, toPage)
    if (block.text === '') continue
    if (lines.length === 1 && isMargin(toPage(lines[0]!.bbox), all, height)) margins.push(block)
    else blocks.push(block)
  }
  return { blocks, margins, confidence: letters === 0 ? 0 : sure / letters / 100, letters }
}

function isWord({ text, confidence }: { text: string; confidence: number }): boolean {
  return text.trim() !== '' && confidence >= nothing && (confidence >= speck || wordLike.test(text))
}

/** A line by itself at the upper or lower edge: whether it is a running one, the index tells. */
function isMargin([, top, , bottom]: Rectangle, lines: readonly Rectangle[], height: number): boolean {
  const gap = edgeGap * (bottom - top)
  const others = lines.filter(line => line[1] !== top || line[3] !== bottom)
  if (bottom < edge * height) return others.every(line => line[1] > bottom + gap || line[3] < bottom)
  if (top > (1 - edge) * height) return others.every(line => line[3] < top - gap || line[1] > top)
  return false
}

/** Words of a line are joined by a space, lines as those of a PDF. Each word is a run. */
function composed(lines: readonly RecognizedLine[], toPage: (box: Box) => Rectangle): Block {
  let text = ''
  const runs: Run[] = []
  for (const { words } of lines) {
    for (const [index, word] of words.entries()) {
      const clean = word.text.normalize('NFC').replace(/\s+/g, ' ').trim()
      if (clean === '') continue
      const joint = text === '' ? 'none' : index === 0 ? jointOf(text, clean) : 'space'
      if (joint === 'drop-hyphen') {
        text = text.slice(0, -1)
        const last = runs.at(-1)
        if (last && --last.end <= last.at) runs.pop()
      } else if (joint === 'space') text += ' '
      runs.push({ at: text.length, end: text.length + clean.length, rect: toPage(word.bbox) })
      text += clean
    }
  }
  return { kind: 'paragraph', text, runs }
}

/** The page, with what was found on it. */
export function segmentOf(number: number, points: { width: number; height: number }, layout: Layout): Segment {
  const { blocks, margins, confidence } = layout
  return {
    number,
    width: rounded(points.width),
    height: rounded(points.height),
    blocks,
    ...(margins.length > 0 && { margins }),
    ...(blocks.length + margins.length === 0 && { problem: 'without-text' }),
    recognition: { confidence: rounded(confidence) },
  }
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100
}
