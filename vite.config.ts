import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { minifyContractRouter } from '@orpc/contract'
import tailwind from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { defineConfig, type Plugin } from 'vite'

const root = path.join(import.meta.dirname, 'renderer')
const pdfjs = path.join(import.meta.dirname, 'node_modules/pdfjs-dist')

/** Methods and paths of the contract as data, so that the page carries neither zod nor the schemas. */
function routes(): Plugin {
  const name = 'virtual:routes'
  return {
    name: 'cloister:routes',
    resolveId(id) {
      if (id === 'zod') this.error('the page would carry zod (25 kB gzipped): import types alone, or `api-error.ts`')
      return id === name ? `\0${name}` : undefined
    },
    async load(id) {
      if (id !== `\0${name}`) return undefined
      const { contract } = await import('./shared/api/index.ts')
      return `export default ${JSON.stringify(minifyContractRouter(contract))}`
    },
  }
}

/** What PDF.js fetches while it reads: tables of characters, standard fonts, decoders of images, colour profiles. */
function pdfData(): Plugin {
  return {
    name: 'cloister:pdf-data',
    apply: 'build',
    async generateBundle() {
      for (const folder of ['cmaps', 'standard_fonts', 'wasm', 'iccs']) {
        for (const file of await readdir(path.join(pdfjs, folder))) {
          const source = await readFile(path.join(pdfjs, folder, file))
          this.emitFile({ type: 'asset', fileName: `pdf/${folder}/${file}`, source })
        }
      }
    },
  }
}

export default defineConfig({
  root,
  base: '/',
  plugins: [routes(), react(), tailwind(), pdfData()],
  // The server puts a fresh nonce in its place with every response.
  html: { cspNonce: '__NONCE__' },
  build: {
    outDir: path.join(import.meta.dirname, 'dist/renderer'),
    emptyOutDir: true,
    target: 'es2023',
    // Nothing as `data:`, which the page's policy would have to allow.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // PDF.js alone has 507 kB; it is loaded when the first page is opened.
    chunkSizeWarningLimit: 600,
  },
})
