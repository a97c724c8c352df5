/** Fetching models with the real command line, from a hub on this machine; killed, interrupted, through a server. */
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { tinyEmbedder } from '../scripts/tiny-models.ts'
import { ggufBytes } from '../scripts/write-gguf.ts'
import { createClient } from '../shared/api/client.ts'
import { contract, type ServerEvent } from '../shared/api/index.ts'
import { sourceOf } from '../shared/models/known-models.ts'
import { modelBytes } from './downloads.ts'
import { type ModelServer, sha256, startModelServer } from './model-server.ts'
import { makePlace, type Place } from './run-cli.ts'
import { until } from './until.ts'

const MB = 1024 * 1024
const bytes = modelBytes(6 * MB, 7)
const where = '/org/repo/resolve/main/small.gguf'
// As people copy it from the page that shows the file.
const source = 'https://huggingface.co/org/repo/blob/main/small.gguf'

let hub: ModelServer
let place: Place
beforeAll(async () => {
  hub = await startModelServer()
})
afterAll(() => hub.close())
beforeEach(async () => {
  place = await makePlace()
  hub.asked.length = 0
  hub.files.set(where, { bytes, etag: null, hub: true })
  hub.faults.set(where, [])
  return () => place.remove()
})

const data = ['--data', 'library']
const environment = () => ({ MODEL_HUB: hub.url })
const models = () => path.join(place.folder, 'library', 'models')
const download = (more: string[] = []) => ['models', 'download', ...data, source, ...more]
const run = (args: string[], options: object = {}) => place.run(args, { environment: environment(), ...options })
const got = async () => sha256(await readFile(path.join(models(), 'small.gguf')))
const sent = () => hub.asked.filter(({ path, status }) => path === where && (status === 200 || status === 206))
/** Until bytes of it are on the disk here. */
const halfway = () =>
  until(async () => {
    const names = await readdir(path.join(models(), 'downloads')).catch(() => [])
    const state = names.find(name => name.endsWith('.json'))
    const text = state && (await readFile(path.join(models(), 'downloads', state), 'utf8').catch(() => ''))
    return text ? (JSON.parse(text) as { durable: number }).durable > 0 : false
  }, 'some of it is there')

describe('models download', () => {
  test('fetches, says what the model is for, and knows the second time that it is there', async () => {
    const done = await run(download(), { language: 'de' })
    expect([done.stdout, done.stderr, done.code]).toEqual(['Hinzugefügt: small.gguf (Antworten)\n', '', 0])
    expect(await got()).toBe(sha256(bytes))
    const sum = sha256(bytes)
    const again = await place.json<{ models: object[] }>(download(['--sha256', sum]), { environment: environment() })
    expect(again).toEqual({ code: 0, models: [{ name: 'small.gguf', size: bytes.length, sha256: sum, role: 'chat' }] })
    expect((await run(download(['--sha256', sum]))).stdout).toBe('There already: small.gguf\n')
    const other = await run(download(['--sha256', 'a'.repeat(64)]))
    expect([other.code, other.stderr]).toEqual([1, expect.stringContaining('There is a model “small.gguf” already.')])
  })

  test('interrupted, it keeps what has come and says how to go on', async () => {
    hub.faults.set(where, [{ stall: 4 * MB }])
    const running = place.start(download(), { environment: environment() })
    await halfway()
    running.child.kill('SIGINT')
    const { code, stdout, stderr } = await running.finished
    expect([code, stdout]).toEqual([130, ''])
    expect(stderr).toContain(`“cloister models download ${source}” goes on.`)
    const listed = await run(['models', 'list', ...data])
    expect(listed.stderr).toMatch(/^small\.gguf is not complete: [1-4](\.\d)? MB of 6\.3 MB\./)
    expect((await run(download())).code).toBe(0)
    expect(await got()).toBe(sha256(bytes))
    expect(sent()[1]?.from).toBeGreaterThan(0)
  })

  test('that nobody wants any more is removed by its name', async () => {
    hub.faults.set(where, [{ stall: 4 * MB }])
    const running = place.start(download(), { environment: environment() })
    await halfway()
    running.child.kill('SIGKILL')
    await running.finished
    const removed = await run(['models', 'remove', ...data, 'small'])
    expect([removed.stdout, removed.code]).toEqual(['Removed: small\n', 0])
    expect(await readdir(path.join(models(), 'downloads'))).toEqual([])
    expect((await run(['models', 'remove', ...data, 'small'])).code).toBe(1)
  })

  test('killed, it goes on where its bytes are durable', async () => {
    hub.faults.set(where, [{ stall: 4 * MB }])
    const running = place.start(download(), { environment: environment() })
    await halfway()
    running.child.kill('SIGKILL')
    await running.finished
    expect((await run(download())).code).toBe(0)
    expect(await got()).toBe(sha256(bytes))
    expect(sent()[1]?.from).toBeGreaterThan(0)
    expect(await readdir(path.join(models(), 'downloads'))).toEqual([])
  })

  test('says in plain words what is wrong, and leaves nothing in the folder', async () => {
    const refused = async (address: string, more: Record<string, string> = {}, options: string[] = []) => {
      const args = ['models', 'download', ...data, address, ...options]
      const { code, stderr } = await place.run(args, { environment: { ...environment(), ...more } })
      expect(stderr).not.toMatch(/at .*\.ts|Error:/)
      return [code, stderr]
    }
    const text = (part: string) => expect.stringContaining(part)
    expect(await refused('no-such-model')).toEqual([1, text('neither a model of the catalog (such as qwen3-0.6b')])
    expect(await refused('https://example.org/get?id=5')).toEqual([1, text('does not end in the name of a GGUF file')])
    expect(await refused('https://huggingface.co/org/repo/resolve/main/none.gguf')).toEqual([
      1,
      text('does not have this file'),
    ])
    // What a user types must be public, and nothing leaves where nothing may.
    expect(await refused('http://127.0.0.1:8321/x.gguf')).toEqual([1, text('not an address of the public network')])
    expect(await refused('https://example.org/x.gguf', { OFFLINE: 'on' })).toEqual([1, text('OFFLINE')])
    expect(await refused(source, { MAX_MODEL_SIZE_BYTES: '1000000' })).toEqual([
      1,
      text('larger than the limit of 1 MB'),
    ])
    expect(await refused(source, {}, ['--sha256', 'a'.repeat(64)])).toEqual([
      1,
      text('is not the file that was asked for'),
    ])
    expect(await refused(source, {}, ['--sha256', 'abc'])).toEqual([2, text('--sha256')])
    expect(await refused(source, { MODEL_MIRRORS: 'nonsense' })).toEqual([1, text('MODEL_MIRRORS')])
    expect((await readdir(models())).filter(name => name.endsWith('.gguf'))).toEqual([])
  })

  test('by a name of the catalog takes the very file it names, and no other in its place', async () => {
    const known = sourceOf('qwen3-0.6b')!
    const paths = known.urls.map(url => new URL(url).pathname)
    expect(paths).toHaveLength(2)
    for (const at of paths) hub.files.set(at, { bytes, etag: null, hub: true })
    const { code, stderr } = await run(['models', 'download', ...data, 'Qwen3-0.6B'])
    expect([code, stderr]).toEqual([1, expect.stringContaining('is not the file that was asked for')])
    for (const at of paths) expect(hub.asked.map(({ path }) => path)).toContain(at)
    expect((await readdir(models())).filter(name => name.endsWith('.gguf'))).toEqual([])
  })

  test('goes through a server that runs: every client sees it, and the next server goes on by itself', async () => {
    hub.faults.set(where, [{ stall: 4 * MB }])
    const serve = async () => {
      const running = place.start(['serve', '--json', '--port', '0', ...data], { environment: environment() })
      let said = ''
      running.child.stdout?.on('data', text => {
        said += text
      })
      await until(() => said.includes('\n'), 'the server listens')
      const { address, url } = JSON.parse(said) as { address: string; url: string }
      const token = new URL(url).hash.replace('#token=', '')
      return { running, client: createClient({ routes: contract, url: address, token }) }
    }
    const first = await serve()
    const heard: ServerEvent[] = []
    const listening = new AbortController()
    const hear = async () => {
      for await (const event of await first.client.jobs.events({}, { signal: listening.signal })) heard.push(event)
    }
    const hearing = hear().catch(() => {})
    await until(() => heard.length > 0, 'it listens')
    const command = place.start(download(['--json']), { environment: environment() })
    await halfway()
    await until(
      () => heard.some(event => event.type === 'download' && (event.download?.received ?? 0) > 0),
      'it is told',
    )
    expect(await first.client.downloads.list({})).toMatchObject({
      downloads: [{ name: 'small.gguf', state: 'active' }],
    })
    first.running.child.kill('SIGTERM')
    await first.running.finished
    listening.abort()
    await hearing
    expect((await command.finished).code).toBe(1)

    const next = await serve()
    await until(async () => (await readdir(models())).includes('small.gguf.sha256'), 'it has gone on')
    expect(await got()).toBe(sha256(bytes))
    expect(sent()[1]?.from).toBeGreaterThan(0)
    const open = async () => (await next.client.downloads.list({})).downloads.length
    await until(async () => (await open()) === 0, 'nothing is left of it')

    // And once more, to its end, and paused by Ctrl-C.
    await next.client.models.remove({ name: 'small.gguf' })
    hub.faults.set(where, [{ stall: 4 * MB }])
    const stopped = place.start(download(), { environment: environment() })
    await halfway()
    stopped.child.kill('SIGINT')
    expect((await stopped.finished).code).toBe(130)
    expect(await next.client.downloads.list({})).toMatchObject({ downloads: [{ name: 'small.gguf', state: 'paused' }] })
    const done = await place.json<{ models: { role: string }[] }>(download(), { environment: environment() })
    expect(done.models).toMatchObject([{ role: 'chat' }])
    await next.client.downloads.cancel({ name: 'small.gguf' }).then(
      () => expect.fail('there is none'),
      error => expect(error).toMatchObject({ code: 'download-not-found', status: 404 }),
    )
    next.running.child.kill('SIGTERM')
    await next.running.finished
  })
})

describe('packs of models', () => {
  test('carry them from one machine to the next', async () => {
    await mkdir(models(), { recursive: true })
    await writeFile(path.join(place.folder, 'vectors.gguf'), ggufBytes(tinyEmbedder()))
    await run(download())
    await run(['models', 'add', ...data, 'vectors.gguf'])
    const packed = await run(['models', 'pack', ...data, 'stick'])
    expect(packed.stdout.split('\n').sort()).toEqual([
      '',
      'In the pack: small.gguf (answers, 6.3 MB)',
      'In the pack: vectors.gguf (vectors, 0.4 MB)',
    ])
    const manifest = JSON.parse(await readFile(path.join(place.folder, 'stick', 'manifest.json'), 'utf8')) as {
      models: { name: string; source: string | null }[]
    }
    expect(new Map(manifest.models.map(({ name, source }) => [name, source]))).toEqual(
      new Map([
        ['small.gguf', `${hub.url}${where}`],
        ['vectors.gguf', null],
      ]),
    )
    const other = ['--data', 'other']
    const one = await run(['models', 'unpack', ...other, 'stick', 'vectors'])
    expect([one.stdout, one.code]).toEqual(['Added: vectors.gguf (vectors)\n', 0])
    const rest = await run(['models', 'unpack', ...other, 'stick'], { language: 'de' })
    expect(rest.stdout.split('\n').sort()).toEqual([
      '',
      'Hinzugefügt: small.gguf (Antworten)',
      'Schon da: vectors.gguf',
    ])
    expect((await run(['models', 'verify', ...other])).code).toBe(0)
    await rm(path.join(place.folder, 'other'), { recursive: true })
    await copyFile(path.join(place.folder, 'vectors.gguf'), path.join(place.folder, 'stick', 'small.gguf'))
    const damaged = await run(['models', 'unpack', ...other, 'stick'])
    expect([damaged.code, damaged.stderr]).toEqual([
      1,
      expect.stringContaining('“small.gguf” in the pack is not complete'),
    ])
    const none = await run(['models', 'unpack', ...other, '.'])
    expect([none.code, none.stderr]).toEqual([1, expect.stringContaining('is no model pack')])
    expect(await readdir(path.join(place.folder, 'other', 'models')).catch(() => [])).toEqual([])
  })
})
