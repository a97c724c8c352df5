/** A reader that misbehaves as the file's name says: for the tests of what watches over it. */
import { parentPort } from 'node:worker_threads'
import type { FromParser, ToParser } from './protocol.ts'

parentPort?.on('message', (message: ToParser) => {
  if (message.type !== 'parse') return
  const post = (answer: FromParser) => parentPort?.postMessage(answer)
  const event = (value: object) => post({ type: 'event', json: JSON.stringify(value) })
  event({ type: 'start', mediaType: 'text/plain', paged: false, segments: null, pid: process.pid })
  switch (message.request.name.replace(/\.txt$/, '')) {
    case 'loop':
      for (;;) Math.random()
    case 'steps':
      for (let number = 1; number <= 4; number++) {
        for (const before = process.cpuUsage(); usedSince(before) < 600_000; ) Math.random()
        event({ type: 'segment', segment: { number, blocks: [] } })
      }
      event({ type: 'finish', segments: 4, cut: false, reasons: [] })
      break
    case 'memory': {
      const kept: Uint8Array[] = []
      for (;;) kept.push(new Uint8Array(8 * 1024 ** 2).fill(kept.length + 1))
    }
    case 'heap': {
      const kept: string[] = []
      for (;;) kept.push(String(kept.length).repeat(100))
    }
    case 'throw':
      throw new Error('thrown on purpose')
    case 'leave':
      process.exit(3)
      break
    case 'silent':
      setInterval(() => {}, 1_000)
      break
    default:
      event({ type: 'segment', segment: { number: 1, blocks: [{ kind: 'paragraph', text: 'Gut.' }] } })
      event({ type: 'finish', segments: 1, cut: false, reasons: [] })
  }
})

/** Microseconds of the processor. */
function usedSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before)
  return user + system
}
