import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import react from '@vitejs/plugin-react'
import { build } from 'vite'

const root = path.join(import.meta.dirname, '..')

const page = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Empty</title><link rel="icon" href="data:,"></head>
<body><div id="root"></div><script type="module" src="/main.tsx"></script></body></html>`

const script = `import { createRoot } from 'react-dom/client'
createRoot(document.getElementById('root')!).render(<div>Empty</div>)`

/** Builds a page of React with one div by the same Vite and serves it by the same kind of server. */
export async function serveEmptyPage(folder: string): Promise<AsyncDisposable & { address: string }> {
  // Beside the packages, where Vite finds React.
  const source = path.join(root, 'node_modules/.cache/cloister-empty-page')
  const outDir = path.join(folder, 'empty-page')
  await mkdir(source, { recursive: true })
  await writeFile(path.join(source, 'index.html'), page)
  await writeFile(path.join(source, 'main.tsx'), script)
  await build({
    configFile: false,
    root: source,
    plugins: [react()],
    html: { cspNonce: '__NONCE__' },
    logLevel: 'warn',
    build: { outDir, emptyOutDir: true, target: 'es2023', modulePreload: { polyfill: false } },
  })
  const args = ['--import', './scripts/check-node.mjs', 'bench/serve-page.ts', outDir]
  const child: ChildProcess = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] })
  const [port] = (await once(child.stdout!, 'data')) as [Buffer]
  return {
    address: `http://127.0.0.1:${String(port).trim()}`,
    async [Symbol.asyncDispose]() {
      const ended = once(child, 'exit')
      child.kill()
      await ended
    },
  }
}
