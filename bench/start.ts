/**
 * How long `npm start` takes to its address when the screen is built, what an idle server keeps in memory, and what the first
 * screen takes of a browser.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { atMost, type Bench, told } from './figure.ts'
import { screen } from './screen.ts'
import { startServer } from './served.ts'
import { createTemporaryFolder } from './temporary-folder.ts'

const rounds = 5
/** Until what the start left behind is collected. */
const idleTime = 5000

export const bench: Bench = async ({ note }) => {
  await using folder = await createTemporaryFolder('start')
  // The first one may build the screen.
  await (await startServer(folder.path)).stop()
  const times: number[] = []
  const memories: number[] = []
  for (let round = 0; round < rounds; round++) {
    const server = await startServer(folder.path)
    times.push(server.started / 1000)
    await server.client.projects.list({})
    await pause(idleTime)
    memories.push(await server.memory())
    await server.stop()
    note(`${times[round].toFixed(2)} s, ${memories[round].toFixed(0)} MB`)
  }
  return [
    atMost('from the start to the address, screen built', Math.min(...times), 's', 3),
    told('the same, slowest', Math.max(...times), 's'),
    atMost('resident memory of the idle server', Math.min(...memories), 'MB', 160),
    ...(await screen(folder.path, note)),
  ]
}
