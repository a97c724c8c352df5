/**
 * Gives a forked process what packages tell Electron by: its version, in all threads, and the kind of process, in the first one alone. Some of
 * them load other parts then, as PDF.js does, or ask for the module `electron`, which in such a process can next to nothing; the package of
 * that name would fetch Electron's program.
 */
import { registerHooks } from 'node:module'
import { isMainThread } from 'node:worker_threads'

Object.defineProperty(process, 'versions', {
  value: Object.freeze({ ...process.versions, electron: '45.4.1', chrome: '150.0.7800.0' }),
  enumerable: true,
})
if (isMainThread) Object.assign(process, { type: 'utility' })
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'electron'
      ? { url: 'data:text/javascript,export const net = {}', format: 'module', shortCircuit: true }
      : next(specifier, context),
})
