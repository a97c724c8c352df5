/** The built screen: its shell, which is open to everybody, and its files. It holds no data. */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import express, { type RequestHandler, Router } from 'express'
import { AppError } from '../../shared/errors.ts'

/** Stands in the built page wherever the nonce of a response belongs (`html.cspNonce` of Vite). */
export const noncePlaceholder = '__NONCE__'

/** Files whose name holds a hash of what is in them. */
const hashed = /[/\\]assets[/\\]/

/** `folder` holds `index.html` and what it loads; without it, there is a word on how to build it. */
export function createPage(folder: string | undefined): Router {
  const router = Router()
  if (folder !== undefined) {
    const files = express.static(folder, {
      index: false,
      redirect: false,
      dotfiles: 'ignore',
      setHeaders(res, file) {
        res.setHeader('Cache-Control', hashed.test(file) ? 'public, max-age=31536000, immutable' : 'no-cache')
      },
    })
    router.use((req, res, next) => {
      // The page itself goes out with a nonce, whatever it is called.
      if (/^\/(index\.html)?$/i.test(req.path)) next()
      else files(req, res, next)
    })
  }
  router.get('/{*any}', shell(folder))
  return router
}

/** One page for all addresses of the screen; what looks like a file, and is none, is not there. */
function shell(folder: string | undefined): RequestHandler {
  return async (req, res) => {
    const known = /^\/(index\.html)?$/i.test(req.path)
    if (!known && (!/^(\/[\w~-]+)+\/?$/.test(req.path) || req.path.startsWith('/api/') || !req.accepts('html')))
      throw new AppError('route-not-found')
    const page =
      folder === undefined ? undefined : await readFile(path.join(folder, 'index.html'), 'utf8').catch(() => undefined)
    res.setHeader('Cache-Control', 'no-store')
    res.type('html').send(page?.replaceAll(noncePlaceholder, res.locals.nonce) ?? unbuilt)
  }
}

const unbuilt = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Cloister</title></head>
<body><h1>Cloister</h1><p>The server runs; the screen has not been built. The API is described at <a href="/docs">/docs</a>.</p></body></html>
`
