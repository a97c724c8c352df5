/**
 * Loaded before a server that is measured, and by nobody else: tells over its channel how late its event loop was since it
 * was asked last, and how long its thread worked at most without coming back to it.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { isMainThread } from 'node:worker_threads'

/** Milliseconds between two looks at the clock of the thread. */
const tick = 5

// Threads and children inherit the flag that loads this.
if (isMainThread && process.argv[1]?.endsWith('start.ts')) {
  const delays = monitorEventLoopDelay({ resolution: 1 })
  delays.enable()
  let busiest = 0
  let before = process.threadCpuUsage()
  setInterval(() => {
    const { user, system } = process.threadCpuUsage(before)
    before = process.threadCpuUsage()
    busiest = Math.max(busiest, (user + system) / 1000)
  }, tick).unref()
  process.on('message', () => {
    process.send?.({ p99: delays.percentile(99) / 1e6, longest: delays.max / 1e6, busiest })
    delays.reset()
    busiest = 0
  })
  process.channel?.unref()
}
