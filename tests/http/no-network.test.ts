/** The whole product where there is no network at all: nothing of it even tries to reach another machine. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createCanvas } from '@napi-rs/canvas'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { paragraph, writeDocx } from '../../scripts/fixtures/docx.ts'
import { scriptedChat, tinyEmbedder } from '../../scripts/tiny-models.ts'
import { writeGguf } from '../../scripts/write-gguf.ts'
import { paragraph as set, writePdf } from '../../scripts/write-pdf.ts'
import { createClient } from '../../shared/api/client.ts'
import { contract } from '../../shared/api/index.ts'
import { loadPdf } from '../../shared/parsers/pdf/load.ts'
import { createSocketFetch } from '../../shared/processes/socket-fetch.ts'
import { root } from '../run-cli.ts'
import { until } from '../until.ts'
import { type Isolated, possible, startWithoutNetwork, why, withoutTrace } from './without-network.ts'

const token = 'the-cable-is-out-of-the-wall'
const question = 'Wie lange dauert die Händedesinfektion?'

describe.skipIf(!possible)(`without a network${why}${withoutTrace}`, () => {
  let folder: string
  let environment: NodeJS.ProcessEnv

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'cloister-no-network-'))
    await writeGguf(
      path.join(folder, 'chat.gguf'),
      scriptedChat('Die hygienische Händedesinfektion dauert 30 Sekunden [1].'),
    )
    await writeGguf(path.join(folder, 'vectors.gguf'), tinyEmbedder())
    const files = path.join(folder, 'files')
    await mkdir(files)
    await writeFile(path.join(files, 'plan.pdf'), await readFile(path.join(root, 'samples/hygieneplan.pdf')))
    await writeFile(path.join(files, 'brief.docx'), writeDocx({ body: paragraph('Die Kaution beträgt 1.350 Euro.') }))
    await writeFile(path.join(files, 'scan.png'), await scanned('Der Schlüssel liegt bei der Hausverwaltung.'))
    environment = {
      HOME: folder,
      TMPDIR: folder,
      INIT_CWD: folder,
      LANG: 'de_DE.UTF-8',
      CLOISTER_TOKEN: token,
      LLM_MODEL_PATH: path.join(folder, 'chat.gguf'),
      EMBEDDING_MODEL_PATH: path.join(folder, 'vectors.gguf'),
    }
  }, 60_000)
  afterAll(() => rm(folder, { recursive: true, force: true }))

  async function scanned(text: string): Promise<Uint8Array> {
    const file = path.join(folder, 'page.pdf')
    await writeFile(file, writePdf({ pages: [{ texts: set(text, { x: 70, y: 120, width: 440, size: 14 }) }] }))
    const page = await (await (await loadPdf(file)).promise).getPage(1)
    const viewport = page.getViewport({ scale: 150 / 72 })
    const canvas = createCanvas(Math.round(viewport.width), Math.round(viewport.height))
    type Target = NonNullable<Parameters<typeof page.render>[0]['canvas']>
    await page.render({ canvas: canvas as unknown as Target, viewport, background: '#ffffff' }).promise
    return canvas.toBuffer('image/png')
  }

  let runs = 0
  const start = (args: readonly string[]): Isolated =>
    startWithoutNetwork(args, path.join(folder, `watch-${runs++}`), environment)
  const command = async (...args: string[]) => {
    const running = start(['server/main.ts', ...args, '--data', path.join(folder, 'library')])
    return { ...(await running.finished), attempts: await running.attempts() }
  }

  it('would be noticed if it tried: a name, an address, and what a thread does', async () => {
    const tries = {
      address: `fetch('http://192.0.2.1/').catch(() => {})`,
      name: `require('node:dns').lookup('example.org', () => {})`,
      resolver: `require('node:dns').resolve('example.org', () => {})`,
      datagram: `require('node:dgram').createSocket('udp4').send('x', 9, '192.0.2.1', () => process.exit())`,
      thread: `new (require('node:worker_threads').Worker)("fetch('http://192.0.2.1/').catch(() => {})", { eval: true })`,
      child: `require('node:child_process').spawnSync(process.execPath, ['-e', "fetch('http://192.0.2.1/').catch(() => {})"])`,
    }
    for (const [name, code] of Object.entries(tries)) {
      const running = start(['-e', code])
      await running.finished
      expect([name, (await running.attempts()).length > 0]).toEqual([name, true])
    }
    const quiet = start(['-e', `require('node:os').networkInterfaces()`])
    expect(await quiet.attempts()).toEqual([])
  }, 60_000)

  it('serves: reads a PDF, a letter and a scan, searches by words and vectors, answers by a model', async () => {
    const socket = path.join(folder, 's')
    const data = path.join(folder, 'served')
    const server = start(['server/main.ts', 'serve', '--port', 'none', '--socket', socket, '--data', data])
    try {
      const client = createClient({
        routes: contract,
        url: 'http://localhost',
        fetch: createSocketFetch(socket),
        token,
      })
      const projects = () => client.projects.list({}).catch(() => undefined)
      await until(async () => (await projects()) !== undefined, 'the server answers', 60_000)
      const [{ id: projectId }] = (await projects())!.projects
      const files = await Promise.all(
        ['plan.pdf', 'brief.docx', 'scan.png'].map(
          async name => new File([await readFile(path.join(folder, 'files', name))], name),
        ),
      )
      await client.documents.upload({ projectId, files })
      await until(
        async () => {
          const { documents } = await client.documents.list({ projectId })
          return documents.every(
            ({ state, embedded, chunks, toRecognize, recognized }) =>
              state === 'ready' && embedded === chunks && toRecognize === recognized && chunks > 0,
          )
        },
        'the documents have their words and their vectors',
        120_000,
      )
      const search = async (query: string) =>
        (await client.search({ projectId, query })).passages.map(({ file }) => file)
      expect(await search('Kaution')).toContain('brief.docx')
      expect(await search('Hausverwaltung')).toContain('scan.png')
      const events: string[] = []
      let mode = ''
      for await (const event of await client.answers.ask({ projectId, question })) {
        events.push(event.type)
        if (event.type === 'finish') mode = event.answer.mode
      }
      expect(mode).toBe('model')
      expect(events).toContain('sentence')
      await client.models.list({})
      expect(await client.ledger.list({})).toEqual({ entries: [], next: null })
    } finally {
      const { pid } = JSON.parse(await readFile(path.join(data, 'server.json'), 'utf8')) as { pid: number }
      process.kill(pid, 'SIGTERM')
      await server.finished
    }
    expect(await server.attempts()).toEqual([])
  }, 240_000)

  it('is a command line: takes files in, answers, and looks after them', async () => {
    const library = path.join(folder, 'library.cloister')
    for (const [args, said] of [
      [['ingest', path.join(folder, 'files')], 'plan.pdf'],
      [['ask', question], '30 Sekunden'],
      [['search', 'Kaution'], 'brief.docx'],
      [['models', 'list'], 'chat.gguf'],
      [['doctor'], 'chat.gguf'],
      [['backup', library], 'library.cloister'],
      [['ledger'], 'Nichts hat diesen Rechner verlassen'],
    ] as const) {
      const { code, stdout, stderr, attempts } = await command(...args)
      expect([args[0], code, `${stdout}${stderr}`]).toEqual([args[0], 0, expect.stringContaining(said)])
      expect([args[0], attempts]).toEqual([args[0], []])
    }
  }, 300_000)
})
