/**
 * Puts together in a folder all that an installed Cloister is: the desktop's main process and its preload, the server with what it starts,
 * the page, and the packages that cannot be bundled, of the target's platform only. `electron-builder` packs that folder as it is.
 */
import { existsSync } from 'node:fs'
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { builtinModules, createRequire } from 'node:module'
import path from 'node:path'
import { build, type InlineConfig, type Plugin } from 'vite'
import { apart, buildServer, places } from '../build-server.ts'
import { licencesOf, writeLicences } from './licences.ts'
import { collectPackages, copyPackages, filesOf } from './packages.ts'
import { packageOf, referencesOf } from './references.ts'
import { root, staged } from './root.ts'
import { isTarget, type Target, targetHere, targets } from './targets.ts'

export interface Staged {
  folder: string
  /** Names and versions of packages that lie there as they are. */
  packages: string[]
}

export async function stage(to: string, target: Target): Promise<Staged> {
  await rm(to, { recursive: true, force: true })
  await mkdir(to, { recursive: true })
  const bundled = new Set<string>()
  const seen = remember(bundled)
  // One after the other: each takes 300 MB and more.
  await buildServer(path.join(to, 'server'), { home: path.join(to, 'server'), plugins: [seen] })
  await buildMain(to, seen)
  await build({
    configFile: path.join(root, 'vite.config.ts'),
    logLevel: 'warn',
    plugins: [seen],
    build: { outDir: path.join(to, 'dist/renderer') },
  })
  await writeManifests(to)
  await cp(path.join(root, 'LICENSE'), path.join(to, 'LICENSE'))
  await cp(path.join(root, 'models/catalog.json'), path.join(to, 'models/catalog.json'))
  await cp(path.join(root, 'samples'), path.join(to, 'samples'), { recursive: true })
  // Of the tray and of windows; those of the installers stand in `build/` alone.
  await cp(path.join(root, 'build/tray'), path.join(to, 'icons'), { recursive: true })
  await cp(path.join(root, 'build/icons/512x512.png'), path.join(to, 'icons/window.png'))
  const packages = await collectPackages(await packagesNamedIn(to), target)
  await copyPackages(packages, to)
  await writeLicences(
    path.join(to, 'THIRD-PARTY-LICENSES.txt'),
    await licencesOf([...bundled, ...packages.map(({ folder }) => folder)]),
  )
  return { folder: to, packages: packages.map(({ name, version }) => `${name}@${version}`) }
}

/** The main process as a module, and the preload, which a sandbox reads, as one file of CommonJS. */
async function buildMain(to: string, seen: Plugin): Promise<void> {
  const folder = path.join(to, 'main')
  const options: InlineConfig = {
    configFile: false,
    root,
    logLevel: 'warn',
    ssr: { noExternal: true, external: ['electron', ...apart], target: 'node' },
  }
  const output = { ssr: true, outDir: folder, target: 'node22', minify: false, sourcemap: true } as const
  await build({
    ...options,
    plugins: [places(folder, to), seen],
    build: {
      ...output,
      rolldownOptions: {
        input: { index: path.join(root, 'main/index.ts') },
        output: { format: 'esm', entryFileNames: '[name].js', chunkFileNames: '[name].js' },
      },
    },
  })
  await build({
    ...options,
    plugins: [seen],
    build: {
      ...output,
      emptyOutDir: false,
      rolldownOptions: {
        input: { preload: path.join(root, 'main/preload.ts') },
        output: { format: 'cjs', entryFileNames: '[name].cjs', codeSplitting: false },
      },
    },
  })
}

/** The folders of packages that went into what is built. */
function remember(folders: Set<string>): Plugin {
  return {
    name: 'cloister:licences',
    generateBundle(_, bundle) {
      for (const output of Object.values(bundle)) {
        if (output.type !== 'chunk') continue
        for (const id of output.moduleIds) {
          const file = path.relative(root, id.replace(/^\0/, '').split('?')[0] ?? '').replaceAll(path.sep, '/')
          const folder = file.match(/^.*node_modules\/(?:@[^/]+\/)?[^/.][^/]*(?=\/)/)?.[0]
          if (folder && !folder.startsWith('..')) folders.add(folder)
        }
      }
    },
  }
}

/**
 * The server lies outside the archive, where plain Node's rules hold: threads, WebAssembly and extensions of SQLite are opened by their
 * paths. So it has a manifest of its own; the one of the application is inside, where its integrity is checked.
 */
async function writeManifests(to: string): Promise<void> {
  const manifest = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8')) as Record<string, unknown>
  const { name, version, description, license, type, engines } = manifest
  const common = { name, productName: 'Cloister', version, description, license, author: 'Cloister', type }
  const write = (file: string, content: object) =>
    writeFile(path.join(to, file), `${JSON.stringify(content, null, 2)}\n`)
  await write('package.json', { ...common, desktopName: 'app.cloister.desktop', main: 'main/index.js' })
  await write('server/package.json', { name, version, type, engines })
}

/** Throws for one that is not installed. */
async function packagesNamedIn(folder: string): Promise<string[]> {
  const names = new Set<string>()
  const load = createRequire(path.join(root, 'package.json'))
  for (const part of ['server', 'main']) {
    for (const file of (await filesOf(path.join(folder, part))).filter(name => /\.c?js$/.test(name))) {
      const text = await readFile(path.join(folder, part, file), 'utf8')
      for (const { specifier, line } of referencesOf(file, text)) {
        const name = packageOf(specifier)
        if (name === undefined || name === 'electron' || builtinModules.includes(specifier)) continue
        if (!load.resolve.paths(name)?.some(place => existsSync(path.join(place, name))))
          throw new Error(`${part}/${file}:${line} needs ${name}, which is not installed`)
        names.add(name)
      }
    }
  }
  return [...names].sort()
}

if (import.meta.main) {
  const [given = targetHere(), to = staged] = process.argv.slice(2)
  if (!isTarget(given)) throw new Error(`${given}: known targets are ${Object.keys(targets).join(', ')}`)
  // React's parts for developers name the files that they come from.
  process.env.NODE_ENV = 'production'
  const { folder, packages } = await stage(path.resolve(to), given)
  process.stdout.write(`${folder}: ${given}, ${packages.length} packages beside the bundles\n`)
}
