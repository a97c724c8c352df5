/** A channel of updates on this machine, as electron-builder and `sign-channel.ts` write one. */
import { createHash, generateKeyPairSync } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { signChannel } from '../../scripts/desktop/sign-channel.ts'

export interface Channel {
  folder: string
  url: string
  /** Of who signs. */
  publicKey: string
  /** Names of files that were asked for. */
  asked: string[]
  /** Writes an installer of this version as the latest, and signs. */
  release(version: string, notes?: string): Promise<string>
  sign(): Promise<void>
  /** Of each file from now on only the first half comes until the returned function is called. */
  hold(): () => void
  close(): Promise<void>
}

export async function openChannel(folder: string): Promise<Channel> {
  await mkdir(folder, { recursive: true })
  const keys = generateKeyPairSync('ed25519')
  const privateKey = keys.privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64')
  const asked: string[] = []
  let held: Promise<void> | undefined
  const server = createServer(async (req, res) => {
    const name = decodeURIComponent((req.url ?? '').split('?')[0] ?? '').replace(/^\/channel\//, '')
    asked.push(name)
    const content = await readFile(path.join(folder, name)).catch(() => undefined)
    res.writeHead(content ? 200 : 404, { 'Content-Type': 'application/octet-stream' })
    const first = held && content ? Math.ceil(content.length / 2) : 0
    if (first > 0) res.write(content?.subarray(0, first))
    await held
    res.end(content?.subarray(first))
  })
  await new Promise<void>(resolve => void server.listen(0, '127.0.0.1', resolve))
  const sign = async () => void (await signChannel(folder, privateKey))
  return {
    folder,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/channel`,
    publicKey: keys.publicKey.export({ format: 'der', type: 'spki' }).toString('base64'),
    asked,
    async release(version, notes = '') {
      const name = `Cloister-${version}-linux-x86_64.AppImage`
      const installer = Buffer.from(`installer of ${version} `.repeat(20_000))
      await writeFile(path.join(folder, name), installer)
      const sha512 = createHash('sha512').update(installer).digest('base64')
      const lines = [
        `version: ${version}`,
        'files:',
        `  - url: ${name}`,
        `    sha512: ${sha512}`,
        `    size: ${installer.length}`,
        `path: ${name}`,
        `sha512: ${sha512}`,
        ...(notes ? [`releaseNotes: ${JSON.stringify(notes)}`] : []),
        `releaseDate: '2026-11-01T00:00:00.000Z'`,
      ]
      await writeFile(path.join(folder, 'latest-linux.yml'), `${lines.join('\n')}\n`)
      await sign()
      return name
    },
    sign,
    hold() {
      const { promise, resolve } = Promise.withResolvers<void>()
      held = promise
      return () => {
        held = undefined
        resolve()
      }
    },
    close: () => new Promise(resolve => void server.close(() => resolve())),
  }
}
