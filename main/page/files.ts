/** The built screen as a list: what is not in it is not there, whatever a path may say. */
import { readdir } from 'node:fs/promises'
import path from 'node:path'

/** Paths of addresses (`/assets/index-1a2b.js`) to files. */
export type PageFiles = ReadonlyMap<string, string>

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
  '.json': 'application/json; charset=utf-8',
}

/** Of a name that is not known, bytes: nothing that a browser would run or show. */
export const typeOf = (file: string): string => types[path.extname(file).toLowerCase()] ?? 'application/octet-stream'

/** Throws the system's error where the folder cannot be read. */
export async function listPageFiles(folder: string): Promise<PageFiles> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return new Map(
    entries
      .filter(entry => entry.isFile())
      .map(entry => path.join(entry.parentPath, entry.name))
      .map(file => [`/${path.relative(folder, file).split(path.sep).join('/')}`, file]),
  )
}
