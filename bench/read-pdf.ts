/**
 * A process that reads one PDF file four times and prints `{pages, cold, warm}`: the CPU seconds of the process that
 * read, the first time (with the loading of pdfjs-dist, code not compiled yet) and on average after that. The start of the
 * process is not counted. `ours FILE` has the product's parser process do it, which stays for the next file as well;
 * `bare FILE` loops over pdfjs-dist and keeps the text alone.
 */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { createParsers } from '../shared/parsers/parsers.ts'
import { createForkedProcesses } from '../shared/processes/fork.ts'

const [how, file] = process.argv.slice(2)
const reading = how === 'bare' ? await readBare() : await readOurs()
process.stdout.write(JSON.stringify(reading), () => process.exit(0))

interface Reading {
  pages: number
  cold: number
  warm: number
}

async function readAgain(seconds: () => Promise<number>, read: () => Promise<number>): Promise<Reading> {
  const spent: number[] = []
  let pages = 0
  for (let round = 0; round < 4; round++) {
    const before = await seconds()
    pages = await read()
    spent.push((await seconds()) - before)
  }
  const [cold, ...warm] = spent
  return { pages, cold, warm: warm.reduce((sum, one) => sum + one, 0) / warm.length }
}

async function readBare(): Promise<Reading> {
  return readAgain(async () => ownSeconds(), readBareOnce)
}

async function readBareOnce(): Promise<number> {
  const { getDocument } = await import('pdfjs-dist/legacy/build/pdf.mjs')
  const task = getDocument({ data: new Uint8Array(await readFile(file)), verbosity: 0 })
  const document = await task.promise
  let characters = 0
  for (let number = 1; number <= document.numPages; number++) {
    const page = await document.getPage(number)
    const { items } = await page.getTextContent()
    characters += items.map(item => ('str' in item ? item.str : '')).join(' ').length
    page.cleanup()
  }
  if (characters === 0) throw new Error('no text')
  const { numPages } = document
  await task.destroy()
  return numPages
}

function ownSeconds(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

async function readOurs(): Promise<Reading> {
  const log = { debug() {}, info() {}, warn() {}, error() {} }
  const entries = { parser: path.join(import.meta.dirname, '../shared/parsers/process.ts') }
  const processes = createForkedProcesses({ entries, log })
  let pid: number | undefined
  const parsers = createParsers({
    spawn() {
      const child = processes.spawn('parser')
      pid = child.pid
      return child
    },
    log,
    processes: 1,
  })
  async function count(name: string): Promise<number> {
    let segments = 0
    for await (const event of parsers.parse({ file: name, name, after: 0 })) if (event.type === 'segment') segments += 1
    return segments
  }
  // A text file first: it starts the process and loads nothing of the PDF reader.
  await count(path.join(import.meta.dirname, '../docs/architecture.md'))
  return readAgain(
    () => secondsOf(pid),
    () => count(file),
  )
}

/** Of a living process, from Linux's own book-keeping: the port for processes has no word for it. */
async function secondsOf(pid: number | undefined): Promise<number> {
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).replace(/^.*\) /s, '').split(' ')
  const ticksPerSecond = 100
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
}
