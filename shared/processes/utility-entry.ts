/**
 * Entry of every utility process: its arguments name the module of its role, and the megabytes that V8 may take (0: as it likes). Modules
 * speak as forked processes do, by `process.send` and the event `message`; here that is the port of the utility process.
 */
import { pathToFileURL } from 'node:url'
import { getHeapStatistics } from 'node:v8'

interface ParentPort {
  postMessage(message: unknown): void
  on(event: 'message', hear: (event: { data: unknown }) => void): void
}

/** Milliseconds between two looks. */
const look = 500

const [, , entry = '', heap = '0'] = process.argv
// V8 takes its limit before it begins or not at all (`setFlagsFromString` changed nothing), and a utility process hands it no options.
if (Number(heap) > 0)
  setInterval(() => {
    const used = getHeapStatistics().used_heap_size / 1024 ** 2
    if (used <= Number(heap)) return
    process.stderr.write(`${Math.round(used)} MB of JavaScript, and ${heap} are allowed\n`)
    process.kill(process.pid, 'SIGKILL')
  }, look).unref()

// Electron ends it with the main process.
const { parentPort } = process as { parentPort?: ParentPort }
if (parentPort) {
  Object.assign(process, {
    send(message: unknown, sent?: () => void) {
      parentPort.postMessage(message)
      // Behind the message, as far as this side can tell.
      if (sent) setImmediate(sent)
      return true
    },
  })
  // Not before the module listens, which it does while it is loaded.
  const early: unknown[] = []
  let hear = (message: unknown) => void early.push(message)
  parentPort.on('message', ({ data }) => hear(data))
  await import(pathToFileURL(entry).href)
  hear = message => void process.emit('message', message, undefined)
  for (const message of early.splice(0)) hear(message)
} else await import(pathToFileURL(entry).href)
