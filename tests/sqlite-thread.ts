/** The entry of a thread that serves one database of SQLite after the other (`sqlite.ts`). */
import { type MessagePort, parentPort } from 'node:worker_threads'
import type { ThreadSettings } from '../shared/db/sqlite/protocol.ts'
import { serve } from '../shared/db/sqlite/serve.ts'

parentPort?.on('message', ({ port, settings }: { port: MessagePort; settings: ThreadSettings }) =>
  serve(port, settings),
)
