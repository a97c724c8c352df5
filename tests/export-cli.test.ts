/** `cloister export`: everything of one's own as one file, with and without a server; what breaks off leaves nothing. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { buffer } from 'node:stream/consumers'
import { TextWriter, Uint8ArrayReader, ZipReader, ZipWriter } from '@zip.js/zip.js'
import { afterAll, beforeAll, describe, expect, it, onTestFinished, test } from 'vitest'
import { writeArchive } from '../server/export/file.ts'
import { fetchExport } from '../server/remote.ts'
import { currentOwner } from '../shared/queue/owner.ts'
import { program } from './program.ts'
import { makePlace, type Place, type Running, root } from './run-cli.ts'
import { until } from './until.ts'

const limit = 120_000

async function unpack(bytes: Uint8Array): Promise<Record<string, string>> {
  const files: Record<string, string> = {}
  for (const entry of await new ZipReader(new Uint8ArrayReader(bytes)).getEntries())
    if (!entry.directory) files[entry.filename] = await entry.getData(new TextWriter())
  return files
}

describe.each([
  ['without a server', undefined],
  ['beside a server on a port', ['--port', '0']],
  ['beside a server on a socket alone', ['--port', 'none', '--socket', 's.sock']],
])('%s', (_, listen) => {
  let place: Place
  let server: Running | undefined
  const data = ['--data', 'data']
  const at = (...names: string[]) => path.join(place.folder, ...names)

  beforeAll(async () => {
    place = await makePlace()
    await writeFile(at('kaution.txt'), 'Die Kaution beträgt 1500 Euro.\n')
    expect((await place.run(['ingest', ...data, 'kaution.txt'])).code).toBe(0)
    if (!listen) return
    server = place.start(['serve', ...data, ...listen])
    const isThere = async () => (await readdir(at('data'))).includes('server.json')
    await until(isThere, 'the server is there', 60_000)
  }, limit)
  afterAll(async () => {
    server?.child.kill('SIGTERM')
    await server?.finished
    await place.remove()
  }, limit)

  it(
    'writes the archive, whole, for its owner alone, and says what is in it',
    async () => {
      await mkdir(at('aus'))
      const { code, stdout } = await place.run(['export', ...data, 'aus/meins.zip'], { language: 'de' })
      expect([code, stdout]).toEqual([0, expect.stringMatching(/^Alles Eigene steht in .*meins\.zip\n.*Dokumente: 1,/)])
      const files = await unpack(await readFile(at('aus/meins.zip')))
      const name = Object.keys(files).find(one => one.endsWith('/originals/kaution.txt')) ?? ''
      expect(files[name]).toBe('Die Kaution beträgt 1500 Euro.\n')
      expect(files['audit.jsonl']).toContain('"action":"account.export"')

      const refused = await place.json(['export', ...data, 'aus/meins.zip'])
      expect(refused).toMatchObject({ code: 1, error: { code: 'export-exists' } })
      await writeFile(at('aus/meins.zip'), 'alt')
      expect(await place.json(['export', ...data, 'aus/meins.zip', '--force'])).toMatchObject({
        code: 0,
        file: at('aus/meins.zip'),
        projects: 1,
        documents: 1,
        missing: 0,
      })
      expect(await unpack(await readFile(at('aus/meins.zip')))).toHaveProperty('manifest.json')
      expect(await readdir(at('aus'))).toEqual(['meins.zip'])
    },
    limit,
  )

  it(
    'goes to the standard output, where that is no terminal',
    async () => {
      const child = spawn(process.execPath, [...program, 'export', '--data', at('data'), '-'], {
        cwd: root,
        env: { PATH: process.env.PATH, HOME: at('home'), TMPDIR: place.temporary },
        stdio: ['ignore', 'pipe', 'ignore'],
      })
      const [bytes, [code]] = await Promise.all([buffer(child.stdout), once(child, 'exit')])
      expect(code).toBe(0)
      expect(await unpack(bytes)).toHaveProperty('manifest.json')
      expect(await place.json(['export', ...data, '-'])).toMatchObject({ code: 2, error: { code: 'usage' } })
    },
    limit,
  )

  it(
    'says where it cannot be written, and touches nothing',
    async () => {
      await mkdir(at('ordner'))
      await symlink('kaution.txt', at('verweis'))
      const refused = async (...args: string[]) => {
        const { error, code } = await place.json<{ error: { code: string } }>(['export', ...data, ...args])
        return [code, error.code]
      }
      expect(await refused('fehlt/a.zip')).toEqual([1, 'export-unwritable'])
      expect(await refused('kaution.txt/a.zip')).toEqual([1, 'export-unwritable'])
      expect(await refused('ordner', '--force')).toEqual([1, 'export-unwritable'])
      expect(await refused('verweis', '--force')).toEqual([1, 'export-unwritable'])
      expect(await refused('data/cloister.db', '--force')).toEqual([2, 'usage'])
      // Whoever is root may write anywhere.
      if (process.getuid?.() !== 0) {
        await chmod(at('ordner'), 0o500)
        expect(await refused('ordner/a.zip')).toEqual([1, 'export-unwritable'])
      }
      expect(await readFile(at('kaution.txt'), 'utf8')).toContain('Kaution')
      expect(await readdir(at('ordner'))).toEqual([])
    },
    limit,
  )
})

describe('a server that breaks off', () => {
  /** Its answer, by a server that knows nothing else; fetched into a file. */
  async function fetched(answer: (response: ServerResponse) => void, signal = new AbortController().signal) {
    const place = await makePlace()
    const server = createServer((_, response) => answer(response))
    onTestFinished(async () => {
      server.closeAllConnections()
      server.close()
      await place.remove()
    })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const { port } = server.address() as AddressInfo
    const known = { owner: currentOwner(), pid: process.pid, socket: null, token: 'of a test' }
    const file = path.join(place.folder, 'a.zip')
    await writeFile(file, 'before')
    const from = async () => fetchExport({ ...known, address: `http://127.0.0.1:${port}` }, 'en', signal)
    const made = from().then(bytes => writeArchive(bytes, { file, force: true }))
    const error: unknown = await made.catch(error => error)
    expect(await readFile(file, 'utf8')).toBe('before')
    expect((await readdir(place.folder)).toSorted()).toEqual(['a.zip', 'home', 'tmp'])
    return error
  }

  /** What lies in front of the last file. */
  async function beginning(): Promise<Buffer> {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
    const bytes = new Response(readable).arrayBuffer()
    const zip = new ZipWriter(writable)
    await zip.add('account.json', new Blob(['{}']).stream())
    await zip.close()
    return Buffer.from(await bytes)
  }

  test('in the midst, before its first byte, with half an archive, or with a refusal: nothing is left of it', async () => {
    const whole = await beginning()
    const midst = await fetched(response => {
      response.writeHead(200, { 'content-type': 'application/zip' })
      response.write(whole, () => response.destroy())
    })
    expect(midst).toMatchObject({ code: 'server-unreachable' })
    expect(await fetched(response => response.destroy())).toMatchObject({ code: 'server-unreachable' })
    expect(await fetched(response => response.end(whole))).toMatchObject({ code: 'export-broken' })
    expect(await fetched(response => response.end(whole.subarray(0, 20)))).toMatchObject({ code: 'export-broken' })
    expect(await fetched(response => response.writeHead(502).end('<h1>'))).toMatchObject({ code: 'server-unreachable' })
  })

  test('and one that is stopped by hand', async () => {
    const control = new AbortController()
    const error = await fetched(response => {
      response.writeHead(200)
      response.write('PK', () => control.abort(new Error('by hand')))
    }, control.signal)
    expect(error).toMatchObject({ message: 'by hand' })
  })
})
