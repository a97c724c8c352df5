/**
 * Packages that lie in the installation as they are, because they bring programs of the machine or find files by where they lie: which
 * belong to them, and what of each. Their places in `node_modules` stay, so that each finds the version that it found here.
 */
import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { root } from './root.ts'
import { type Machine, type Target, targets } from './targets.ts'

export interface Package {
  name: string
  version: string
  /** From the root of the repository, with `/`. */
  folder: string
  /** Expressions over the paths in it: what is used of it. Without any, all but what is never read. */
  files: string[]
}

interface Manifest {
  name: string
  version: string
  os?: string[]
  cpu?: string[]
  libc?: string[]
  dependencies?: Record<string, string>
  optionalDependencies?: Record<string, string>
  peerDependencies?: Record<string, string>
  peerDependenciesMeta?: Record<string, { optional?: boolean }>
}

/** What no program reads: types, maps, notes to developers, tests, sources of what is compiled. Licences stay. */
const idle =
  /\.d\.[cm]?ts$|\.map$|\.tsbuildinfo$|(?:^|\/)(?!licen[cs]e|notice|copying)[^/]*\.(?:md|markdown|html|flow|gyp|gypi|c|cc|cpp|h|hpp|tsx?)$|(?:^|\/)(?:tests?|__tests__|docs?|examples?|benchmarks?|bench|\.github|man|typings)\/|(?:^|\/)\.[^/]+$|(?:^|\/)(?:Makefile|yarn\.lock|CHANGELOG[^/]*)$/i
const licence = /^(?:licen[cs]e|copying|notice|unlicense)/i

/** Of packages with much that is not for us, what is. Tests run all of it from the folder that results. */
const used: Record<string, (machine: readonly Machine[]) => RegExp> = {
  'better-sqlite3': machines => new RegExp(`^lib/|^prebuilds/(?:${tags(machines).join('|')})\\.node$`),
  // The page has its own.
  'pdfjs-dist': () => /^legacy\/build\/pdf(?:\.worker)?\.mjs$|^(?:cmaps|standard_fonts|wasm|iccs)\//,
  'tesseract.js': () => /^src\/(?!.*\/browser\/)/,
  // Which of the three is for the processor to say. The others have the WebAssembly as text, or lack an engine that ours asks for.
  'tesseract.js-core': () => /^index\.js$|^tesseract-core(?:-simd|-relaxedsimd)?\.(?:js|wasm)$/,
  '@tesseract.js-data/deu': () => /^4\.0\.0_best_int\//,
  '@tesseract.js-data/eng': () => /^4\.0\.0_best_int\//,
  // Without its command line, and without the sources of llama.cpp, 30 MB, which it would compile.
  'node-llama-cpp': () =>
    /^dist\/(?!cli\/(?:commands\/|cli\.|startCreateCli)|commands)|^llama\/[^/]+\.json$|^llama\/grammars\/|^bins\//,
}

/** Of the builds of llama.cpp those for processors alone: it is asked for no other (`shared/models/library.ts`). */
const builds: Record<string, string[]> = {
  'linux-x64': ['linux-x64'],
  'linux-arm64': ['linux-arm64'],
  'win32-x64': ['win-x64'],
  'darwin-x64': ['mac-x64'],
  'darwin-arm64': ['mac-arm64-metal'],
}

/**
 * Files that are another in an installation. On Linux the library first loads its build in a process of its own, which it starts by
 * `child_process.fork`: in Electron, where nothing runs as Node, that would be a second Cloister. Ours is in a process of its own anyway.
 */
const replaced: Record<string, { exports: string; by: string }> = {
  'node-llama-cpp/dist/bindings/utils/testBindingBinary.js': {
    exports: 'export async function testBindingBinary(',
    by: 'export async function testBindingBinary() {\n  return true\n}\n',
  },
}

const tags = (machines: readonly Machine[]) => machines.map(({ os, cpu }) => `${os}-${cpu}`)

/** Those named, and all that they need on the target. Throws for parts of the target that are not installed here, all of them by name. */
export async function collectPackages(names: readonly string[], target: Target): Promise<Package[]> {
  const { packages, missing } = await look(names, target)
  if (missing.length > 0)
    throw new Error(
      `not installed here, and needed on ${target}: ${missing.join(', ')}. node scripts/desktop/fetch-natives.ts ${target}`,
    )
  return packages
}

/** Parts of the target that are not installed here, by name. */
export async function missingPackages(names: readonly string[], target: Target): Promise<string[]> {
  return (await look(names, target)).missing
}

async function look(names: readonly string[], target: Target): Promise<{ packages: Package[]; missing: string[] }> {
  const machines: readonly Machine[] = targets[target]
  const found = new Map<string, Package>()
  const missing: string[] = []
  for (const name of names) await take(name, '')
  return { packages: [...found.values()].sort((a, b) => (a.folder < b.folder ? -1 : 1)), missing }

  async function take(name: string, from: string): Promise<void> {
    const folder = await find(name, from)
    if (folder === undefined) throw new Error(`${name}, which ${from || 'the program'} needs, is not installed`)
    if (found.has(folder)) return
    const manifest = await readManifest(folder)
    const all = await filesOf(path.join(root, folder))
    const rule = used[name]?.(machines)
    const files = all.filter(file =>
      file === 'package.json' || licence.test(file)
        ? true
        : rule
          ? rule.test(file) && !idle.test(file)
          : !idle.test(file),
    )
    found.set(folder, { name, version: manifest.version, folder, files })
    const { dependencies = {}, optionalDependencies = {}, peerDependencies = {}, peerDependenciesMeta = {} } = manifest
    const peers = Object.keys(peerDependencies).filter(peer => !peerDependenciesMeta[peer]?.optional)
    const optional = Object.keys(optionalDependencies)
    // What its code never names is for building it, or for what was left out above.
    const texts = await Promise.all(
      files.filter(file => /\.[cm]?js$/.test(file)).map(file => readFile(path.join(root, folder, file), 'utf8')),
    )
    const named = (other: string) => texts.some(text => new RegExp(`['"\`]${other}(?:/[^'"\`]*)?['"\`]`).test(text))
    for (const other of [...Object.keys(dependencies), ...peers]) {
      if (!optional.includes(other) && named(other)) await take(other, folder)
    }
    for (const other of optional) {
      const wanted = await isNative(other)
      if (wanted === false || (wanted === undefined && !named(other))) continue
      if ((await find(other, folder)) === undefined) missing.push(other)
      else await take(other, folder)
    }
  }

  /** Whether one of a platform is for the target; undefined: it is of none. */
  async function isNative(name: string): Promise<boolean | undefined> {
    if (name.startsWith('@node-llama-cpp/')) {
      const wanted = tags(machines).flatMap(tag => builds[tag] ?? [])
      return wanted.includes(name.slice('@node-llama-cpp/'.length))
    }
    const { os, cpu, libc } = (await locked()).get(name) ?? {}
    if (!os && !cpu) return undefined
    if (libc && !libc.includes('glibc')) return false
    return machines.some(machine => (os?.includes(machine.os) ?? true) && (cpu?.includes(machine.cpu) ?? true))
  }
}

/** Copies what is used of them into the folder, each to its place. */
export async function copyPackages(packages: readonly Package[], to: string): Promise<void> {
  for (const { name, folder, files } of packages) {
    const folders = new Set(files.map(file => path.dirname(path.join(to, folder, file))))
    for (const each of folders) await mkdir(each, { recursive: true })
    for (const file of files) {
      const target = path.join(to, folder, file)
      const other = replaced[`${name}/${file}`]
      if (!other) {
        await copyFile(path.join(root, folder, file), target)
        continue
      }
      const text = await readFile(path.join(root, folder, file), 'utf8')
      if (text.match(/^export .*$/gm)?.length !== 1 || !text.includes(other.exports))
        throw new Error(`${name}/${file} is another than the one that is replaced`)
      await writeFile(target, other.by)
    }
  }
}

export interface Locked {
  version: string
  resolved?: string
  integrity?: string
  os?: string[]
  cpu?: string[]
  libc?: string[]
}

let lock: Promise<Map<string, Locked>> | undefined
/** What the lock file says of packages at the top, by name. Of other platforms too. */
export function locked(): Promise<Map<string, Locked>> {
  lock ??= readFile(path.join(root, 'package-lock.json'), 'utf8').then(text => {
    const { packages } = JSON.parse(text) as { packages: Record<string, Locked> }
    return new Map(
      Object.entries(packages).map(([place, entry]) => [place.replace(/^node_modules\//, ''), entry] as const),
    )
  })
  return lock
}

/** Where Node would find it from there. */
async function find(name: string, from: string): Promise<string | undefined> {
  for (let at = from; ; at = at.slice(0, Math.max(0, at.lastIndexOf('/node_modules/')))) {
    const folder = `${at}${at ? '/' : ''}node_modules/${name}`
    if (await readManifest(folder).catch(() => undefined)) return folder
    if (!at) return undefined
  }
}

async function readManifest(folder: string): Promise<Manifest> {
  return JSON.parse(await readFile(path.join(root, folder, 'package.json'), 'utf8')) as Manifest
}

/** With `/`, without packages within. */
export async function filesOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter(entry => !entry.isDirectory())
    .map(entry => path.relative(folder, path.join(entry.parentPath, entry.name)).replaceAll(path.sep, '/'))
    .filter(file => !file.startsWith('node_modules/'))
    .sort()
}
