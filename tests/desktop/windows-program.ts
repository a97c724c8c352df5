/** Programs and libraries of Windows that do nothing, for what reads such files and never starts them. */
import { createRequire } from 'node:module'

interface Executable {
  setSectionByEntry(entry: number, section: { info: Record<string, string | number>; data: ArrayBuffer }): void
  generate(): ArrayBuffer
}
interface Resources {
  entries: unknown[]
  outputResource(program: Executable): void
}
interface VersionInfo {
  setStringValues(language: { lang: number; codepage: number }, values: Record<string, string>): void
  outputToResourceEntries(entries: unknown[]): void
}
// What electron-builder itself writes resources with. Its own types would bring those of a page into every file.
const builder = createRequire(import.meta.resolve('electron-builder'))
const resedit = createRequire(builder.resolve('app-builder-lib/package.json'))('resedit') as {
  NtExecutable: { createEmpty(is32Bit: boolean, isLibrary: boolean): Executable }
  NtExecutableResource: { from(program: Executable): Resources }
  Resource: { VersionInfo: { createEmpty(): VersionInfo } }
}
const exportDirectory = 0

/** With a version, as programs have one. */
export function writeProgram(): Buffer {
  const program = resedit.NtExecutable.createEmpty(false, false)
  const resources = resedit.NtExecutableResource.from(program)
  const version = resedit.Resource.VersionInfo.createEmpty()
  version.setStringValues({ lang: 1033, codepage: 1200 }, { ProductName: 'Electron' })
  version.outputToResourceEntries(resources.entries)
  resources.outputResource(program)
  return Buffer.from(program.generate())
}

/** For 32 bits, as NSIS has its plug-ins; all that is in it are the names that it offers. */
export function writeLibrary(name: string, offered: readonly string[]): Buffer {
  const library = resedit.NtExecutable.createEmpty(true, true)
  const virtualAddress = 0x1000
  const data = new Uint8Array(writeExports(name, offered, virtualAddress))
  library.setSectionByEntry(exportDirectory, {
    info: {
      name: '.edata',
      virtualSize: data.length,
      virtualAddress,
      sizeOfRawData: Math.ceil(data.length / 512) * 512,
      pointerToRawData: 0,
      pointerToRelocations: 0,
      pointerToLineNumbers: 0,
      numberOfRelocations: 0,
      numberOfLineNumbers: 0,
      characteristics: 0x40000040,
    },
    data: data.buffer,
  })
  return Buffer.from(library.generate())
}

/** A table of functions, one of their names in order, one that joins both, and the texts. All of it by its place in memory. */
function writeExports(name: string, offered: readonly string[], base: number): Buffer {
  const texts = [name, ...[...offered].sort()].map(text => Buffer.from(`${text}\0`))
  const count = offered.length
  const tables = Buffer.alloc(40 + 10 * count)
  const [functions, names, ordinals] = [40, 40 + 4 * count, 40 + 8 * count]
  let at = base + tables.length
  const places = texts.map(text => {
    at += text.length
    return at - text.length
  })
  for (const [place, value] of [
    [12, places[0] ?? 0],
    [16, 1],
    [20, count],
    [24, count],
    [28, base + functions],
    [32, base + names],
    [36, base + ordinals],
  ] as const)
    tables.writeUInt32LE(value, place)
  for (const [index, place] of places.slice(1).entries()) {
    tables.writeUInt32LE(base, functions + 4 * index)
    tables.writeUInt32LE(place, names + 4 * index)
    tables.writeUInt16LE(index, ordinals + 2 * index)
  }
  return Buffer.concat([tables, ...texts])
}
