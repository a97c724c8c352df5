import { once } from 'node:events'
import { createServer } from 'node:net'

/**
 * A port for a server whose address must be known before it starts. It lies below those that the system hands out to whoever wants any
 * (from 32768 on Linux): none of them comes in between.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 20_000)
    const probe = createServer()
    const taken = await new Promise<boolean>(resolve => {
      probe.once('error', () => resolve(true))
      probe.listen(port, '127.0.0.1', () => resolve(false))
    })
    if (taken) continue
    probe.close()
    await once(probe, 'close')
    return port
  }
}
