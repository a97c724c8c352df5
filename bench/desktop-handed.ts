/** A large file is handed over and added: what main, which this process plays, holds of it meanwhile. */
import { open, rm } from 'node:fs/promises'
import path from 'node:path'
import { createHandedFiles } from '../main/bridge/handed-files.ts'
import { createAppRequests } from '../main/page/app-protocol.ts'
import { pageOrigin } from '../main/page/origin.ts'
import { createTransfers } from '../main/page/transfers.ts'
import { handedHeader, transferHeader } from '../shared/api/desktop-headers.ts'
import type { Log } from '../shared/ports.ts'
import type { StartedDesktop } from '../tests/desktop/start-desktop.ts'
import { clientOf } from './desktop.ts'
import { atMost, type Figure, told } from './figure.ts'

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} }
const size = 1024 ** 3
const megabyte = 1024 * 1024

export async function measureHanded(desktop: StartedDesktop, note: (line: string) => void): Promise<Figure[]> {
  const file = path.join(desktop.folder, 'Postfach.txt')
  await writeLarge(file)
  desktop.server.start()
  const projectId = (await clientOf(desktop).projects.list()).projects[0].id
  const handed = createHandedFiles({ log: silent })
  const transfers = createTransfers({ tell() {} })
  const handle = createAppRequests({
    files: new Map(),
    server: request => desktop.server.fetch(request),
    handed,
    transfers,
    log: silent,
  })
  await handed.offer([file], () => {})
  const name = `${transfers.openPage(1)}/0`
  // Not what the system gave this process: building the program before took more than this takes.
  const held = () => {
    const { heapUsed, external } = process.memoryUsage()
    return heapUsed + external
  }
  const before = held()
  let most = before
  const timer = setInterval(() => {
    most = Math.max(most, held())
  }, 10)
  const began = performance.now()
  const answer = await handle(
    new Request(`${pageOrigin}/api/v1/projects/${projectId}/documents`, {
      method: 'POST',
      headers: { 'x-cloister': '1', [handedHeader]: handed.take()[0].id, [transferHeader]: name },
    }),
  )
  const seconds = (performance.now() - began) / 1000
  clearInterval(timer)
  if (!answer.ok) throw new Error(await answer.text())
  note(`${Math.round(before / megabyte)} MB before, ${Math.round(most / megabyte)} MB at most`)
  await desktop.stop()
  await rm(file)
  return [
    atMost(
      'memory of main while a file of 1 GiB that was handed over is added, beyond what it was',
      (most - before) / megabyte,
      'MB',
      150,
    ),
    told('the same, until it is added', seconds, 's'),
  ]
}

async function writeLarge(file: string): Promise<void> {
  const piece = Buffer.alloc(megabyte, 'Die Frist für den Einspruch beträgt drei Wochen.\n')
  const handle = await open(file, 'w')
  for (let at = 0; at < size; at += piece.length) await handle.write(piece)
  await handle.close()
}
