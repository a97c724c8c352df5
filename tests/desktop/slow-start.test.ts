/** Starts that wait for somebody: the window stands there meanwhile, and says for what. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { startDesktop } from '../../main/desktop.ts'
import type { SafeStorage } from '../../main/keychain/safe-storage.ts'
import { pageOrigin } from '../../main/page/origin.ts'
import type { Desktop } from '../../main/shell.ts'
import { createClient } from '../../shared/api/client.ts'
import { contract } from '../../shared/api/index.ts'
import type { Log } from '../../shared/ports.ts'
import { builtProgram } from '../program.ts'
import { until } from '../until.ts'
import { playShell } from './play-shell.ts'
import { playedProcesses } from './start-desktop.ts'

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} }
let folder: string
let desktop: Desktop | undefined
afterEach(async () => {
  await desktop?.end()
  await rm(folder, { recursive: true, force: true })
})

it('a keychain that asks its user first holds back the library, and not the window', async context => {
  folder = await mkdtemp(path.join(tmpdir(), 'cloister-slow-'))
  const played = playShell(folder)
  await mkdir(played.shell.folders.page, { recursive: true })
  await writeFile(path.join(played.shell.folders.page, 'index.html'), '<p nonce="__NONCE__"></p>')
  const { promise: agreed, resolve: agree } = Promise.withResolvers<void>()
  let isAsked = false
  const safeStorage: SafeStorage = {
    isAvailable: async () => true,
    backend: () => 'gnome_libsecret',
    async encrypt(text) {
      isAsked = true
      await agreed
      return Buffer.from(text).map(byte => byte ^ 1)
    },
    decrypt: async sealed => Buffer.from(sealed.map(byte => byte ^ 1)).toString(),
  }
  desktop = await startDesktop({
    shell: { ...played.shell, safeStorage },
    processes: playedProcesses({ program: builtProgram }),
    dataDirectory: null,
    keyGiven: false,
    usualDirectory: path.join(folder, 'data'),
    log: silent,
  })
  const call = (name: string) =>
    desktop!.handleCall({ window: 1, url: `${pageOrigin}/`, isMainFrame: true }, { name, input: undefined })
  expect(played.windows).toHaveLength(1)
  const known = await call('getKey')
  if (!isAsked) await until(async () => isAsked || JSON.stringify(await call('getKey')).includes('keychain'))
  if (!isAsked) context.skip('there is a keychain here')
  expect(known).toEqual({ ok: true, value: null })
  const waiting = { name: 'starting', attempt: 0, doing: 'keychain', late: false }
  expect(await call('start')).toMatchObject({ ok: true, value: { server: waiting } })
  agree()
  const client = createClient({
    routes: contract,
    url: pageOrigin,
    fetch: request => desktop!.handleRequest(request),
  })
  expect((await client.projects.list()).projects).toHaveLength(1)
  const ready = { state: 'ready', place: 'safe-storage' }
  expect(await call('getKey')).toEqual({ ok: true, value: ready })
  await until(() => played.windows[0]!.heard.some(({ type }) => type === 'key'), 'the page hears of the key')
  expect(played.windows[0]!.heard).toContainEqual({ type: 'key', key: ready })
})
