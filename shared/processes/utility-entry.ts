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
  // Not before the module listens, which it may do long before it is through: the server's waits for its first message while it is loaded.
  // One a turn: between two, whoever took one message may begin to listen for all.
  const kept: unknown[] = []
  let busy = false
  const tell = () => {
    busy = process.listenerCount('message') > 0 && kept.length > 0
    if (!busy) return
    process.emit('message', kept.shift(), undefined)
    setImmediate(tell)
  }
  const begin = () => {
    if (busy) return
    busy = true
    setImmediate(tell)
  }
  process.on('newListener', name => {
    if (name === 'message') begin()
  })
  parentPort.on('message', ({ data }) => {
    kept.push(data)
    begin()
  })
}
await import(pathToFileURL(entry).href)
