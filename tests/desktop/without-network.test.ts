/** The desktop with the cable out: everything that it runs, where no way leads to another machine. Nothing of it even tries to find one. */
import { spawnSync } from 'node:child_process'
import { copyFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildScreen } from '../../scripts/build-screen.ts'
import { scriptedChat, tinyEmbedder } from '../../scripts/tiny-models.ts'
import { writeGguf } from '../../scripts/write-gguf.ts'
import { chromiumPath } from '../chromium.ts'
import { possible, startWithoutNetwork, why, withoutTrace } from '../http/without-network.ts'
import { root } from '../run-cli.ts'
import { answer, brought, elsewhere, file, type Seen } from './offline-life.ts'

const hasIp = spawnSync('ip', ['-V']).status === 0
const missing = `${why}${chromiumPath ? '' : ' (skipped: no Chromium here; CHROMIUM may name one)'}${hasIp ? '' : ' (skipped: no ip here, which sets loopback up)'}`
if (!chromiumPath && process.env.CI === 'true') throw new Error('CI has no Chromium for the desktop without a network')

describe.skipIf(!possible || !chromiumPath || !hasIp)(`the desktop without a network${missing}${withoutTrace}`, () => {
  let folder: string

  beforeAll(async () => {
    if ((await buildScreen()) !== 0) throw new Error('the screen could not be built')
    folder = await mkdtemp(path.join(tmpdir(), 'cloister-no-cable-'))
    const [chat, vectors] = brought
    await writeGguf(path.join(folder, chat), scriptedChat(answer))
    await writeGguf(path.join(folder, vectors), tinyEmbedder())
    await copyFile(path.join(root, 'samples', file), path.join(folder, file))
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  async function run(what: string): Promise<{ seen: Seen | undefined; attempts: string[] }> {
    const { CHROMIUM } = process.env
    const running = startWithoutNetwork(
      ['tests/desktop/offline-life.ts', what, folder],
      path.join(folder, what),
      { HOME: folder, TMPDIR: folder, LANG: 'de_DE.UTF-8', ...(CHROMIUM && { CHROMIUM }) },
      { loopback: true },
    )
    const { code, stdout, stderr } = await running.finished
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.any(String) })
    return { seen: stdout === '' ? undefined : (JSON.parse(stdout) as Seen), attempts: await running.attempts() }
  }

  it('would be noticed if its Chromium tried, and is kept from it by its switches', async () => {
    expect((await run('flee')).attempts).toContainEqual(expect.stringContaining(elsewhere))
    expect((await run('flee-switched')).attempts).toEqual([])
  })

  it('takes a document, answers with a citation, ends, and has it all when it is started again', async () => {
    const known = {
      documents: [{ name: file, state: 'ready', embedded: true }],
      chats: 1,
      modes: ['model'],
      models: [...brought],
      ledger: 0,
      complaints: [],
    }
    const first = await run('first')
    expect(first).toEqual({ seen: expect.objectContaining(known), attempts: [] })
    expect(first.seen?.answer).toContain('Die hygienische Händedesinfektion dauert 30 Sekunden')
    const second = await run('second')
    expect(second).toEqual({ seen: expect.objectContaining(known), attempts: [] })
    expect(second.seen).toEqual(first.seen)
  }, 240_000)
})
