/** A stick for a machine without a network: packed, checked as anybody would, taken over, and refused where it is damaged. */
import { execFileSync } from 'node:child_process'
import { cp, mkdir, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { scriptedChat, tinyEmbedder } from '../../scripts/tiny-models.ts'
import { writeGguf } from '../../scripts/write-gguf.ts'
import { makePlace, type Place, root } from '../run-cli.ts'

let place: Place
let packed: string
let stick: string
const pack = (...args: string[]) =>
  execFileSync(process.execPath, ['scripts/desktop/offline.ts', ...args], {
    cwd: root,
    env: { PATH: process.env.PATH, HOME: place.folder, INIT_CWD: place.folder, LANG: 'en_GB.UTF-8' },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  })
const refused = (...args: string[]) => {
  try {
    return pack(...args)
  } catch (error) {
    return (error as { stderr: string }).stderr
  }
}

beforeAll(async () => {
  place = await makePlace()
  await writeGguf(path.join(place.folder, 'chat.gguf'), scriptedChat('The notice period is three months [1].'))
  await writeGguf(path.join(place.folder, 'vectors.gguf'), tinyEmbedder())
  await place.run(['models', 'add', '--data', path.join(place.folder, 'library'), 'chat.gguf', 'vectors.gguf'])
  await writeFile(path.join(place.folder, 'Cloister-1.0.0.exe'), 'an installer '.repeat(1000))
  packed = path.join(place.folder, 'packed')
  pack('packed', '--installer', 'Cloister-1.0.0.exe', '--data', 'library')
}, 120_000)
afterAll(() => place.remove())
beforeEach(async () => {
  stick = path.join(place.folder, 'stick')
  await rm(stick, { recursive: true, force: true })
  await cp(packed, stick, { recursive: true })
})

const unpack = (data: string) => place.run(['models', 'unpack', '--data', path.join(place.folder, data), stick])
const taken = async (data: string) =>
  (await readdir(path.join(place.folder, data, 'models')).catch(() => [])).filter(name => name.endsWith('.gguf')).sort()

describe('everything for a machine without a network', () => {
  test('lies in a folder that says how to use it, in both languages', async () => {
    const names = (await readdir(stick, { recursive: true })).sort()
    expect(names).toEqual([
      'LIESMICH.txt',
      'README.txt',
      'SHA256SUMS',
      'installers',
      'installers/Cloister-1.0.0.exe',
      'models',
      'models/SHA256SUMS',
      'models/chat.gguf',
      'models/manifest.json',
      'models/vectors.gguf',
      'ocr',
      'ocr/deu.traineddata.gz',
      'ocr/eng.traineddata.gz',
    ])
    expect(await readFile(path.join(stick, 'LIESMICH.txt'), 'utf8')).toContain('für einen Rechner ohne Netz')
    expect(await readFile(path.join(stick, 'LIESMICH.txt'), 'utf8')).toContain(
      'Datei › Daten › Modelle aus einem Ordner übernehmen …',
    )
    expect(await readFile(path.join(stick, 'README.txt'), 'utf8')).toContain(
      'File › Data › Take Over Models from a Folder…',
    )
    expect(
      execFileSync('sha256sum', ['-c', 'SHA256SUMS'], { cwd: stick, encoding: 'utf8' }).match(/: OK/g),
    ).toHaveLength(9)
    expect(pack('stick', '--verify')).toContain('9 files, all as they were')
  })

  test('is taken over, and the model answers there', async () => {
    const { code, stdout } = await unpack('other')
    expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringContaining('chat.gguf') })
    expect(await taken('other')).toEqual(['chat.gguf', 'vectors.gguf'])
    await writeFile(path.join(place.folder, 'lease.md'), 'The notice period is three months.')
    const data = ['--data', path.join(place.folder, 'other')]
    const files = path.join(place.folder, 'lease.md')
    const answer = await place.json(['ask', ...data, files, 'How long is the notice period?'])
    expect(answer).toMatchObject({ mode: 'model', model: 'chat.gguf' })
  })

  test.each<[string, string, (file: string) => Promise<unknown>]>([
    [
      'an installer with a byte turned over',
      'installers/Cloister-1.0.0.exe',
      file => writeFile(file, 'An installer '.repeat(1000)),
    ],
    ['data of the recognition cut short', 'ocr/eng.traineddata.gz', file => writeFile(file, 'short')],
    ['a model that is missing', 'models/vectors.gguf', file => rm(file)],
    [
      'a link in place of a file',
      'models/chat.gguf',
      async file => {
        await rename(file, path.join(place.folder, 'elsewhere'))
        await symlink(path.join(place.folder, 'elsewhere'), file)
      },
    ],
  ])('is refused for %s, by its name, and nothing is taken', async (_, name, damage) => {
    await damage(path.join(stick, name))
    expect(refused('stick', '--verify')).toContain(name)
    const { code, stderr } = await unpack('damaged')
    expect(code).toBe(1)
    expect(stderr).toContain(name)
    expect(await taken('damaged')).toEqual([])
  })

  test('does not lead out of its folder', async () => {
    const sums = await readFile(path.join(stick, 'SHA256SUMS'), 'utf8')
    for (const name of ['../chat.gguf', '/etc/passwd', 'a/../../b', 'C:\\x', 'a//b']) {
      await writeFile(path.join(stick, 'SHA256SUMS'), `${sums}${'0'.repeat(64)}  ${name}\n`)
      expect(refused('stick', '--verify')).toContain('pack-invalid')
      expect((await unpack('damaged')).code).toBe(1)
    }
    await mkdir(path.join(place.folder, 'nothing'), { recursive: true })
    expect(refused('nothing', '--verify')).toContain('pack-invalid')
    expect(refused('gone', '--installer', 'missing.exe')).toContain('missing.exe is no file')
  })
})
