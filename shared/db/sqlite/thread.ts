/** The entry of a database thread. */
import { parentPort, workerData } from 'node:worker_threads'
import type { ThreadSettings } from './protocol.ts'
import { serve } from './serve.ts'

if (!parentPort) throw new Error('thread.ts runs in a worker thread')
serve(parentPort, workerData as ThreadSettings)
