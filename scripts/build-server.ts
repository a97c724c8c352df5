/**
 * The server with all it starts, as JavaScript: `npm run build` puts it into `dist/server`, and tests start their processes from one
 * made for the run. A command that opens the library takes half the processor's time from there (0.5 instead of 1 s): 25 files are
 * read for it instead of 600, one for each package and not one for each of its modules.
 */
import path from 'node:path'
import { build, type Plugin } from 'vite'

const root = path.join(import.meta.dirname, '..')
const ours = ['server', 'shared'].map(folder => path.join(root, folder) + path.sep)

// What brings programs of the machine, WebAssembly or data beside its code, or finds its own files by where it lies.
const apart = [
  'better-sqlite3',
  'sqlite-vec',
  'node-llama-cpp',
  '@napi-rs/canvas',
  'pdfjs-dist',
  'tesseract.js',
  '@tesseract.js-data/deu',
  '@tesseract.js-data/eng',
]

/** Writes `main.js` and what belongs to it into the folder, which must lie inside the installation, beside or below `node_modules`. */
export async function buildServer(folder: string): Promise<{ main: string }> {
  await build({
    configFile: false,
    root,
    logLevel: 'warn',
    plugins: [places(folder)],
    ssr: { noExternal: true, external: apart, target: 'node' },
    build: {
      ssr: true,
      outDir: folder,
      emptyOutDir: true,
      target: 'node22',
      minify: false,
      sourcemap: true,
      rolldownOptions: {
        input: { main: path.join(root, 'server/main.ts') },
        // One folder without others in it, so that every file says the same of where another one is. Names stay, so that Node's cache of
        // compiled code, which goes by them, does not grow with every build.
        output: { format: 'esm', entryFileNames: '[name].js', chunkFileNames: '[name].js' },
      },
    },
  })
  return { main: path.join(folder, 'main.js') }
}

/**
 * Files that ours name by where they are: a module that a thread or a process runs (`new URL('./thread.ts', import.meta.url)`) is built too
 * and named by its new place; everything else (`package.json`, the screen, packages) is looked for from where the source lies.
 */
function places(folder: string): Plugin {
  return {
    name: 'cloister:places',
    enforce: 'pre',
    async transform(code, id) {
      const [file = ''] = id.split('?')
      if (!ours.some(place => file.startsWith(place)) || !code.includes('import.meta')) return undefined
      const from = (to: string) =>
        JSON.stringify(path.relative(folder, to).split(path.sep).map(encodeURIComponent).join('/'))
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
