/** The other commands while a server has the data directory open: everything goes through it. */
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makePlace, type Place, type Running } from '../run-cli.ts'
import { until } from '../until.ts'

describe.each([
  ['a port', ['--port', '0']],
  ['a socket alone', ['--port', 'none', '--socket', 's.sock']],
])('commands beside a server on %s', (_, listen) => {
  let place: Place
  let server: Running
  const data = ['--data', 'data']

  beforeAll(async () => {
    place = await makePlace()
    await mkdir(path.join(place.folder, 'akten'))
    await writeFile(path.join(place.folder, 'akten', 'a.txt'), 'Die Garantie der Kaffeemaschine endet im Mai 2031.\n')
    await writeFile(path.join(place.folder, 'akten', 'b "ü".txt'), 'Das Kennwort der Werkstatt lautet Bohnenkraut.\n')
    server = place.start(['serve', ...data, ...listen])
    await until(async () => {
      const files = await readdir(path.join(place.folder, 'data')).catch(() => [] as string[])
      return files.includes('server.json')
    }, 'the server is there')
  })
  afterAll(async () => {
    server.child.kill('SIGTERM')
    const { code } = await server.finished
    await place.remove()
    expect(code).toBe(0)
  })

  it('ingest, search, ask, documents, projects and chat do what they do without one', async () => {
    const { files } = await place.json<{ files: { file: string; state: string }[] }>(['ingest', ...data, 'akten'])
    expect(files).toMatchObject([
      { file: 'a.txt', state: 'ready' },
      { file: 'b "ü".txt', state: 'ready' },
    ])
    const again = await place.json<{ files: { reason: { code: string } }[] }>(['ingest', ...data, 'akten/a.txt'])
    expect(again.files).toMatchObject([{ state: 'skipped', reason: { code: 'duplicate' } }])
    const search = await place.json<{ passages: { file: string }[] }>(['search', ...data, 'Bohnenkraut'])
    expect(search.passages).toMatchObject([{ file: 'b "ü".txt' }])
    const question = 'Wann endet die Garantie der Kaffeemaschine?'
    const asked = await place.json<{ mode: string; citations: { file: string }[] }>(['ask', ...data, question])
    expect(asked).toMatchObject({ mode: 'quotes', citations: [{ file: 'a.txt' }] })
    const within = await place.json(['ask', ...data, 'akten/b "ü".txt', question])
    expect(within).toMatchObject({ mode: 'declined' })
    const chat = await place.run(['chat', ...data], { input: `${question}\n` })
    expect(chat.stdout).toContain('endet im Mai 2031')

    expect((await place.run(['documents', 'delete', ...data, 'a.txt'])).code).toBe(0)
    const gone = await place.json(['ask', ...data, question])
    expect(gone).toMatchObject({ mode: 'declined' })
    const trash = await place.json<{ documents: { file: string }[] }>(['documents', 'trash', ...data])
    expect(trash.documents).toMatchObject([{ file: 'a.txt' }])
    expect((await place.run(['documents', 'undo', ...data, 'a.txt'])).stdout).toContain('ready')
    const shown = await place.json(['documents', 'show', ...data, 'a.txt'])
    expect(shown).toMatchObject({ document: { state: 'ready' }, receipt: { chunks: 1 } })
    expect((await place.run(['documents', 'purge', '--yes', ...data, 'a.txt'])).code).toBe(0)
    const { documents } = await place.json<{ documents: { file: string }[] }>(['documents', 'list', ...data])
    expect(documents).toMatchObject([{ file: 'b "ü".txt' }])

    expect((await place.run(['projects', 'create', 'Zweites', ...data])).stdout).toBe('Created: Zweites\n')
    expect((await place.run(['projects', 'create', 'Zweites', ...data])).stderr).toContain('Zweites')
    expect((await place.run(['search', ...data, '--project', 'Zweites', 'Bohnenkraut'])).stdout).toBe(
      'Nothing found.\n',
    )
    expect((await place.run(['projects', 'delete', 'Zweites', ...data])).code).toBe(0)
  })

  it('an error is told in the words of the command’s language, and one process alone holds the data', async () => {
    const unknown = await place.run(['documents', 'show', ...data, 'nichts'], { language: 'de' })
    expect(unknown).toMatchObject({ code: 1, stderr: expect.stringContaining('Ein Dokument „nichts“') })
    const refused = await place.run(['ask', ...data, '   '], { language: 'de' })
    expect(refused.stderr).toContain('Die Frage ist leer.')
    const running = await readdir(path.join(place.folder, 'data', 'running'))
    expect(running).toHaveLength(1)
  })
})
