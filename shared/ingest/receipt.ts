import type { Block, Document, Language, Reason, Receipt, RecognitionReceipt, Segment } from '../model/index.ts'

/** Below this, what was recognised on a page is to be compared with its picture. */
const unsureBelow = 0.6

export interface Findings {
  chunks: number
  language: Language | null
  /** What the parser said. */
  lost: readonly Reason[]
  /** Files in it, and how many of them became no document. */
  inside: { total: number; leftOut: number }
  /** Whether text is recognised in pictures of pages, and how many wait for it. */
  recognizes: boolean
  /** Somebody stopped that. */
  stopped: boolean
  waiting: number
}

/** Adds up the receipt while the segments pass by. */
export function createTally(isFurniture: (block: Block) => boolean) {
  let characters = 0
  let tableRows = 0
  let furnitureLines = 0
  const unreadable: number[] = []
  /** Not looked at for text, and with none although that was done. */
  const withoutText: number[] = []
  const empty: number[] = []
  const broken: number[] = []
  const failed: number[] = []
  const unsure: number[] = []
  const confidences: number[] = []

  function addRecognition({ number, problem, recognition, blocks, margins = [] }: Segment): void {
    if (problem === 'without-text') (recognition ? empty : withoutText).push(number)
    if (problem === 'broken-text') broken.push(number)
    if (!recognition) return
    const { confidence } = recognition
    if (confidence === null) failed.push(number)
    else if (blocks.length + margins.length > 0) {
      confidences.push(confidence)
      if (confidence < unsureBelow) unsure.push(number)
    }
  }

  return {
    add(segment: Segment): void {
      if (segment.problem === 'unreadable') unreadable.push(segment.number)
      addRecognition(segment)
      const margins = segment.margins ?? []
      furnitureLines += margins.filter(isFurniture).length
      for (const block of [...segment.blocks, ...margins.filter(block => !isFurniture(block))]) {
        characters += block.text.length
        if (block.kind === 'table-row') tableRows += 1
      }
    },
    receipt(document: Document, { chunks, language, lost, inside, recognizes, stopped, waiting }: Findings): Receipt {
      const pages = document.paged ? document.parsed : null
      const without = recognizes ? empty : [...empty, ...withoutText].sort((a, b) => a - b)
      const unlooked = recognizes ? 0 : withoutText.length + broken.length - failed.length
      const off = document.paged && unlooked > 0
      const reasons: Reason[] = []
      const name = (code: Reason['code'], numbers: readonly number[]) => {
        if (numbers.length > 0) reasons.push({ code, values: { count: numbers.length, pages: listPages(numbers) } })
      }
      if (off) reasons.push(stopped ? stoppedReason(unlooked) : { code: 'recognition-off' })
      if (characters === 0 && waiting === 0 && !off) reasons.push({ code: 'no-text' })
      reasons.push(...lost)
      name('pages-unreadable', unreadable)
      if (characters > 0)
        name(
          'pages-without-text',
          without.filter(page => !failed.includes(page)),
        )
      if (!recognizes) name('pages-broken-text', broken)
      name('recognition-failed', failed)
      name('recognition-unsure', unsure)
      if (inside.leftOut > 0) {
        reasons.push({ code: 'files-left-out', values: { count: inside.leftOut, total: inside.total } })
      }
      return {
        documentId: document.id,
        segments: document.parsed,
        pages,
        characters,
        chunks,
        tableRows,
        language,
        pagesWithoutText: without,
        recognition: recognitionOf(waiting),
        pagesUnreadable: unreadable,
        furnitureLines,
        reasons,
        files: [],
        fileCount: inside.total,
      }
    },
  }

  function recognitionOf(waiting: number): RecognitionReceipt | null {
    const pages = confidences.length
    if (waiting + pages + failed.length === 0) return null
    const sum = confidences.reduce((all, one) => all + one, 0)
    const confidence = pages === 0 ? 0 : Math.round((100 * sum) / pages) / 100
    return { waiting, pages, confidence, unsure, failed }
  }
}

export function stoppedReason(count: number): Reason {
  return { code: 'recognition-stopped', values: { count } }
}

/** `3, 5–9, 12`, cut after some. */
function listPages(pages: readonly number[]): string {
  const ranges: string[] = []
  for (let index = 0; index < pages.length; ) {
    let last = index
    while (pages[last + 1] === pages[last]! + 1) last += 1
    ranges.push(last === index ? `${pages[index]}` : `${pages[index]}–${pages[last]}`)
    index = last + 1
  }
  return ranges.length > 12 ? `${ranges.slice(0, 12).join(', ')} …` : ranges.join(', ')
}
