/**
 * The server with all it starts, as JavaScript: `npm run build` puts it into `dist/server`, and tests start their processes from one
 * made for the run. A command that opens the library takes half the processor's time from there (0.5 instead of 1 s): 25 files are
 * read for it instead of 600, one for each package and not one for each of its modules.
 */
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { build, type Plugin } from 'vite'

const root = path.join(import.meta.dirname, '..')
const ours = ['server', 'shared', 'main'].map(folder => path.join(root, folder) + path.sep)

// What brings programs of the machine, WebAssembly or data beside its code, or finds its own files by where it lies.
export const apart = [
  'better-sqlite3',
  'sqlite-vec',
  'node-llama-cpp',
  '@napi-rs/canvas',
  '@napi-rs/keyring',
  'pdfjs-dist',
  'tesseract.js',
  '@tesseract.js-data/deu',
  '@tesseract.js-data/eng',
]

export interface ServerBuild {
  /** What lies there as the root of the repository lies here: `package.json`, and whatever else is named by its place. */
  home?: string
  plugins?: Plugin[]
}

/** Writes `main.js` and what belongs to it into the folder, which must lie inside the installation, beside or below `node_modules`. */
export async function buildServer(
  folder: string,
  { home = root, plugins = [] }: ServerBuild = {},
): Promise<{ main: string }> {
  const desktop = path.join(root, 'server/desktop.ts')
  await build({
    configFile: false,
    root,
    logLevel: 'warn',
    plugins: [places(folder, home), ...plugins],
    ssr: { noExternal: true, external: apart, target: 'node' },
    build: {
      ssr: true,
      outDir: folder,
      emptyOutDir: true,
      target: 'node22',
      minify: false,
      sourcemap: true,
      rolldownOptions: {
        input: { main: path.join(root, 'server/main.ts'), ...(existsSync(desktop) && { desktop }) },
        // One folder without others in it, so that every file says the same of where another one is. Names stay, so that Node's cache of
        // compiled code, which goes by them, does not grow with every build.
        output: { format: 'esm', entryFileNames: '[name].js', chunkFileNames: '[name].js' },
      },
    },
  })
  // Otherwise Node looks into each file for what it is: 13 ms of the 60 that it takes to read them.
  await writeFile(path.join(folder, 'package.json'), '{ "type": "module" }\n')
  return { main: path.join(folder, 'main.js') }
}

/**
 * Files that ours name by where they are: a module that a thread or a process runs (`new URL('./thread.ts', import.meta.url)`) is built too
 * and named by its new place; everything else (`package.json`, the screen, packages) is looked for from where the source lies.
 */
export function places(folder: string, home: string): Plugin {
  return {
    name: 'cloister:places',
    enforce: 'pre',
    async transform(code, id) {
      const [file = ''] = id.split('?')
      if (!ours.some(place => file.startsWith(place)) || !code.includes('import.meta')) return undefined
      const from = (to: string) => {
        const there = path.join(home, path.relative(root, to))
        const relative = path.relative(folder, there).split(path.sep).map(encodeURIComponent).join('/')
        return JSON.stringify(relative.startsWith('.') ? relative : `./${relative}`)
      }
      const built = code
        .replace(
          /new URL\((\s*)'([^']+\.ts)',(\s*)import\.meta\.url/g,
          (_, before: string, named: string, between: string) => {
            const module = path.resolve(path.dirname(file), named)
            const fileName = `${path.relative(root, module).replaceAll(path.sep, '-').replace(/\.ts$/, '')}.js`
            this.emitFile({ type: 'chunk', id: module, fileName })
            return `new URL(${before}'./${fileName}',${between}import.meta['url']`
          },
        )
        .replaceAll('import.meta.url', `new URL(${from(file)}, import.meta['url']).href`)
        .replaceAll(
          'import.meta.dirname',
          `process.getBuiltinModule('node:url').fileURLToPath(new URL(${from(path.dirname(file))}, import.meta['url']))`,
        )
      // Lines stay lines; where on a line is nearly true.
      return { code: built, map: null }
    },
  }
}
