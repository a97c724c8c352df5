/**
 * Loaded before a server that is measured, and by nobody else: tells over its channel how late its event loop was since it
 * was asked last.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { isMainThread } from 'node:worker_threads'

// Threads and children inherit the flag that loads this.
if (isMainThread && process.argv[1]?.endsWith('start.ts')) {
  const delays = monitorEventLoopDelay({ resolution: 1 })
  delays.enable()
  process.on('message', () => {
    process.send?.({ p99: delays.percentile(99) / 1e6, longest: delays.max / 1e6 })
    delays.reset()
  })
  process.channel?.unref()
}
