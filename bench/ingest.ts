/**
 * The 129-page manual: how long from the command's start until it is found by its words, and what reading it with places
 * costs beside a bare loop over pdfjs-dist that keeps nothing but the text.
 */
import path from 'node:path'
import { atLeast, atMost, type Bench, told } from './figure.ts'
import { type Manual, manualOf129 } from './manuals.ts'
import { run } from './run-module.ts'
import { createTemporaryFolder } from './temporary-folder.ts'

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
    const tell = ({ cold, warm }: Reading) => `${cold.toFixed(2)} and ${warm.toFixed(2)} s`
    note(`CPU, first and later readings: bare ${tell(bare[round])}, with places ${tell(ours[round])}`)
  }
  // Over all rounds: machines that lend out their cores change their speed by half from one second to the next.
  const speed = (readings: Reading[], how: 'cold' | 'warm') => sum(readings, 'pages') / sum(readings, how)
  return [
    // The fastest: what others do on the machine only adds.
    atMost('129 pages searchable by words, from the start of the command', Math.min(...walls), 's', 6),
    told('the same, slowest of three', Math.max(...walls), 's'),
    // A parser process stays for the next file, so what it does when its code is compiled is what it does.
    atLeast(
      'pages per CPU-second with places, of a bare text loop',
      speed(ours, 'warm') / speed(bare, 'warm'),
      '',
      0.9,
    ),
    told('the same for the first file of a process', speed(ours, 'cold') / speed(bare, 'cold'), ''),
    told('pages per CPU-second with places', speed(ours, 'warm'), ''),
    told('pages per CPU-second, bare text loop', speed(bare, 'warm'), ''),
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

function sum(readings: readonly Reading[], what: keyof Reading): number {
  return readings.reduce((total, reading) => total + reading[what], 0)
}

interface Reading {
  pages: number
  cold: number
  warm: number
}

/** Reads the file in a fresh process, which tells the CPU seconds of its first and of its later times. */
async function read(how: 'bare' | 'ours', { file }: Manual): Promise<Reading> {
  return JSON.parse(await run([path.join('bench', 'read-pdf.ts'), how, file])) as Reading
}
