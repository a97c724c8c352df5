/**
 * `import … from 'node:http'` evaluates all that the module exports, and with its `WebSocket` the whole of undici: 10 MB of
 * an idle server's memory (Node 24.21) for a server that calls nobody. `tests/http/memory.test.ts` watches that it stays out.
 */
export const { createServer, STATUS_CODES } = process.getBuiltinModule('node:http')
