/** The whole product where there is no network at all: a namespace of its own, without an interface that is up. */
import { spawn, spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { scriptedChat, tinyEmbedder } from '../../scripts/tiny-models.ts'
import { writeGguf } from '../../scripts/write-gguf.ts'
import { createSocketFetch } from '../../server/http/socket-fetch.ts'
import { createClient } from '../../shared/api/client.ts'
import { contract } from '../../shared/api/index.ts'
import { root, until } from '../run-cli.ts'

const possible = spawnSync('unshare', ['--map-root-user', '--net', 'true']).status === 0
const why = possible ? '' : ' (skipped: this machine lets nobody make a network namespace)'
if (!possible && process.env.CI === 'true') throw new Error('CI cannot make a network namespace')

const token = 'the-cable-is-out-of-the-wall'

describe.skipIf(!possible)(`without a network${why}`, () => {
  let folder: string
  let server: ReturnType<typeof spawn>

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'cloister-no-network-'))
    const chat = 'Die hygienische Händedesinfektion dauert 30 Sekunden [1].'
    await writeGguf(path.join(folder, 'chat.gguf'), scriptedChat(chat))
    await writeGguf(path.join(folder, 'vectors.gguf'), tinyEmbedder())
    const args = ['--import', './tests/http/watch-network.mjs', 'server/main.ts', 'serve', '--port', 'none']
    const inside = [process.execPath, ...args, '--socket', path.join(folder, 's'), '--data', path.join(folder, 'data')]
    server = spawn('unshare', ['--map-root-user', '--net', ...inside], {
      cwd: root,
      env: {
        PATH: process.env.PATH,
        HOME: folder,
        CLOISTER_TOKEN: token,
        LLM_MODEL_PATH: path.join(folder, 'chat.gguf'),
        EMBEDDING_MODEL_PATH: path.join(folder, 'vectors.gguf'),
        NETWORK_WATCH: path.join(folder, 'network.txt'),
      },
      stdio: 'ignore',
    })
  })
  afterAll(async () => {
    const ended = new Promise(resolve => server.on('exit', resolve))
    server.kill('SIGTERM')
    await ended
    await rm(folder, { recursive: true, force: true })
  })

  it('reads, searches by words and vectors, and answers by a model; nothing tries to leave', async () => {
    const fetch = createSocketFetch(path.join(folder, 's'))
    const client = createClient({ routes: contract, url: 'http://localhost', fetch, token })
    const projects = () => client.projects.list({}).catch(() => undefined)
    await until(async () => (await projects()) !== undefined, 'the server answers')
    const [{ id: projectId }] = (await projects())!.projects
    const file = new File([await readFile(path.join(root, 'samples/hygieneplan.pdf'))], 'hygieneplan.pdf')
    const { results } = await client.documents.upload({ projectId, files: [file] })
    const documentId = results[0].document!.id
    const document = () => client.documents.get({ projectId, documentId })
    await until(async () => {
      const { state, embedded, chunks } = await document()
      return state === 'ready' && embedded === chunks
    }, 'the document has its words and its vectors')
    const events: string[] = []
    let mode = ''
    const question = 'Wie lange dauert die Händedesinfektion?'
    for await (const event of await client.answers.ask({ projectId, question })) {
      events.push(event.type)
      if (event.type === 'finish') mode = event.answer.mode
    }
    expect(mode).toBe('model')
    expect(events).toContain('sentence')
    // Only that it was watched, in the database's threads too.
    const noted = (await readFile(path.join(folder, 'network.txt'), 'utf8')).trim().split('\n')
    expect([...new Set(noted)]).toEqual(['watching'])
  })
})
