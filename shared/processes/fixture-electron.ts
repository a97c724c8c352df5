/**
 * Gives a forked process what packages tell Electron by: its version, in all threads, and the kind of process, in the first one alone. Some of
 * them load other parts then, as PDF.js does.
 */
import { isMainThread } from 'node:worker_threads'

Object.defineProperty(process, 'versions', {
  value: Object.freeze({ ...process.versions, electron: '45.4.1', chrome: '150.0.7800.0' }),
  enumerable: true,
})
if (isMainThread) Object.assign(process, { type: 'utility' })
