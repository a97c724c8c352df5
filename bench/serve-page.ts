/** Serves a built page as the product serves its own, and nothing else: `node bench/serve-page.ts FOLDER`. Prints its port. */
import type { AddressInfo } from 'node:net'
import express from 'express'
import { prepare, securityHeaders } from '../server/http/headers.ts'
import { createPage } from '../server/http/page.ts'

const app = express()
app.disable('x-powered-by')
app.use(prepare({ trustProxy: false }), securityHeaders({ https: false }), createPage(process.argv[2]))
const server = app.listen(0, '127.0.0.1', () => {
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`)
})
