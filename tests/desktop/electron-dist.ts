/** A folder like the one that Electron comes in, with a program that does nothing and has fuses: for what packs and never starts it. */
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { writeProgram } from './windows-program.ts'

const sentinel = 'dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX'

/** As published: cookie encryption, integrity and the archive alone are off, the rest is on. */
export const publishedStates = '101100011'

export function programWithFuses(states = publishedStates, wires = 1): Buffer {
  const wire = Buffer.concat([Buffer.from(sentinel), Buffer.from([1, states.length]), Buffer.from(states)])
  const parts = Array.from({ length: wires }, (_, at) => [Buffer.alloc(5000 + at, at + 1), wire])
  return Buffer.concat([...parts.flat(), Buffer.alloc(5000, 9)])
}

export async function writeElectronDist(folder: string): Promise<void> {
  await mkdir(path.join(folder, 'resources'), { recursive: true })
  await mkdir(path.join(folder, 'locales'))
  for (const language of ['en-US', 'en-GB', 'de', 'fr'])
    await writeFile(path.join(folder, `locales/${language}.pak`), '')
  await writeFile(path.join(folder, 'electron'), programWithFuses())
  await chmod(path.join(folder, 'electron'), 0o755)
  await writeFile(path.join(folder, 'electron.exe'), Buffer.concat([writeProgram(), programWithFuses()]))
  await writeFile(path.join(folder, 'chrome-sandbox'), '')
  await writeFile(path.join(folder, 'LICENSE'), 'MIT')
  await writeFile(path.join(folder, 'LICENSES.chromium.html'), '')
  await writeFile(path.join(folder, 'version'), '45.4.1')
}
