/**
 * The 129-page manual: how long from the command's start until it is found by its words, and what reading it with places
 * costs beside a bare loop over pdfjs-dist that keeps nothing but the text.
 */
import { spawn } from 'node:child_process'
import path from 'node:path'
import { atLeast, atMost, type Bench, median, told } from './figure.ts'
import { type Manual, manualOf129 } from './manuals.ts'
import { createTemporaryFolder } from './temporary-folder.ts'

const root = path.join(import.meta.dirname, '..')
const rounds = 5

export const bench: Bench = async ({ note }) => {
  await using folder = await createTemporaryFolder('ingest')
  const manual = await manualOf129(note, folder.path)
  const walls: number[] = []
  for (let round = 0; round < 3; round++) {
    walls.push(await ingest(manual, path.join(folder.path, `data-${round}`)))
    note(`searchable after ${walls[round].toFixed(2)} s`)
  }
  const ours: Reading[] = []
  const bare: Reading[] = []
  for (let round = 0; round < rounds; round++) {
    // In turns, so that a busy machine slows both.
    bare.push(await read('bare', manual))
    ours.push(await read('ours', manual))
    note(`CPU: bare ${bare[round].seconds.toFixed(2)} s, with places ${ours[round].seconds.toFixed(2)} s`)
  }
  const speed = (readings: Reading[]) => median(readings.map(({ pages, seconds }) => pages / seconds))
  return [
    // The fastest: what others do on the machine only adds.
    atMost('129 pages searchable by words, from the start of the command', Math.min(...walls), 's', 6),
    told('the same, slowest of three', Math.max(...walls), 's'),
    atLeast('pages per CPU-second with places, of a bare text loop', speed(ours) / speed(bare), '', 0.9),
    told('pages per CPU-second with places', speed(ours), ''),
    told('pages per CPU-second, bare text loop', speed(bare), ''),
  ]
}

/** Seconds from the start of `cloister ingest` until it ends, which is when its words are searchable. */
async function ingest(manual: Manual, data: string): Promise<number> {
  const started = performance.now()
  const output = await run(['server/main.ts', 'ingest', '--json', '--data', data, manual.file])
  const seconds = (performance.now() - started) / 1000
  const { files } = JSON.parse(output) as { files: { state: string; chunks: number }[] }
  if (files.length !== 1 || files[0].state !== 'ready') throw new Error(`not ingested: ${output}`)
  return seconds
}

interface Reading {
  pages: number
  seconds: number
}

/** Reads the file in a fresh process, which tells the CPU seconds it took from its start. */
async function read(how: 'bare' | 'ours', { file }: Manual): Promise<Reading> {
  return JSON.parse(await run([path.join('bench', 'read-pdf.ts'), how, file])) as Reading
}

function run(args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] })
    let output = ''
    child.stdout.on('data', data => {
      output += data
    })
    child.on('error', reject)
    child.on('close', code => (code === 0 ? resolve(output) : reject(new Error(`${args[0]} ended with ${code}`))))
  })
}
