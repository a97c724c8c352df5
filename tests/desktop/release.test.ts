/** A release as `npm run dist` leaves it, where one lies in `dist/installers`: its fuses, and what it does when somebody has changed it. */
import { existsSync, readdirSync } from 'node:fs'
import { cp, mkdir, mkdtemp, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pathToFuseFile } from '@electron/fuses'
import { afterEach, describe, expect, it } from 'vitest'
import { findFuseFaults } from '../../main/safety/fuses.ts'
import { root } from '../../scripts/desktop/root.ts'
import { until } from '../until.ts'
import { startPacked } from './electron-app.ts'

interface Packed {
  /** What is installed. */
  folder: string
  /** In it: what is started, and where the archive lies. */
  program: string
  resources: string
}

const places: Partial<Record<NodeJS.Platform, [folder: RegExp, program: string, resources: string]>> = {
  linux: [/^linux.*-unpacked$/, 'cloister', 'resources'],
  win32: [/^win.*-unpacked$/, 'Cloister.exe', 'resources'],
  darwin: [/^mac(?:-universal|-arm64)?$/, 'Cloister.app/Contents/MacOS/Cloister', 'Cloister.app/Contents/Resources'],
}

function findPacked(): Packed | undefined {
  const installers = path.join(root, 'dist/installers')
  const names = existsSync(installers) ? readdirSync(installers) : []
  const [expression, program = '', resources = ''] = places[process.platform] ?? []
  const name = names.find(name => expression?.test(name) && existsSync(path.join(installers, name, program)))
  return name === undefined ? undefined : { folder: path.join(installers, name), program, resources }
}

const packed = findPacked()
const absent = packed ? '' : ' (0 of 4 ran: none lies in dist/installers; npm run dist makes one)'
const screenless = process.platform === 'linux' && !process.env.DISPLAY && !process.env.WAYLAND_DISPLAY
const isRoot = process.platform === 'linux' && process.getuid?.() === 0
const unstartable = screenless || isRoot
const unseen = screenless
  ? ' (not started: there is no screen)'
  : isRoot
    ? ' (not started: the superuser has no sandbox, and without one it refuses)'
    : ''
const unchecked = process.platform === 'linux' ? ' (skipped: Electron checks archives on Windows and macOS alone)' : ''

let home: string | undefined
afterEach(async () => {
  if (home !== undefined) await rm(home, { recursive: true, force: true, maxRetries: 5 })
  home = undefined
})

/** Of its own, to be changed. */
async function copy(): Promise<{ home: string; program: string; resources: string }> {
  if (!packed) throw new Error('there is none')
  home = await realpath(await mkdtemp(path.join(tmpdir(), 'cloister-r-')))
  const folder = path.join(home, 'installed')
  await cp(packed.folder, folder, { recursive: true, verbatimSymlinks: true })
  return { home, program: path.join(folder, packed.program), resources: path.join(folder, packed.resources) }
}

/** Until it has opened its library, or has ended. */
async function start(program: string, home: string): Promise<'started' | 'ended'> {
  const { ended, kill } = startPacked(program, home)
  const opened = until(() => existsSync(path.join(home, 'data/cloister.db')), 'it opens a library or ends', 90_000)
  const what = await Promise.race([opened.then(() => 'started' as const), ended.then(() => 'ended' as const)]).finally(
    kill,
  )
  opened.catch(() => {})
  await ended
  return what
}

describe.skipIf(!packed)(`a release that was packed${absent}`, () => {
  it('has the fuses that are wished', async () => {
    const { folder = '', program = '' } = packed ?? {}
    const bundle = process.platform === 'darwin' ? 'Cloister.app' : program
    expect(findFuseFaults(await readFile(pathToFuseFile(path.join(folder, bundle))))).toEqual([])
  })

  describe.skipIf(unstartable)(`when it is started${unseen}`, () => {
    it('opens a library, as it is', async () => {
      const { home, program } = await copy()
      expect(await start(program, home)).toBe('started')
    }, 180_000)

    it.skipIf(unchecked !== '')(
      `refuses when its archive was changed${unchecked}`,
      async () => {
        const { home, program, resources } = await copy()
        const archive = path.join(resources, 'app.asar')
        const bytes = await readFile(archive)
        // A name of its log, with which it would run as well.
        const at = bytes.indexOf('cloister-desktop')
        expect(at).toBeGreaterThan(0)
        bytes.write('cloister-desktoq', at)
        await writeFile(archive, bytes)
        expect(await start(program, home)).toBe('ended')
      },
      180_000,
    )

    it('runs nothing that lies in the place of its archive', async () => {
      const { home, program, resources } = await copy()
      await rename(path.join(resources, 'app.asar'), path.join(home, 'app.asar'))
      const other = path.join(resources, 'app')
      await mkdir(other)
      await writeFile(path.join(other, 'package.json'), '{ "name": "other", "main": "main.cjs" }')
      const marker = path.join(home, 'ran')
      await writeFile(path.join(other, 'main.cjs'), `require('node:fs').writeFileSync(${JSON.stringify(marker)}, '')\n`)
      const { ended, kill } = startPacked(program, home)
      // Some systems show what is wrong, and wait for somebody to read it.
      await Promise.race([ended, until(() => existsSync(marker), 'it runs', 30_000).catch(() => {})])
      kill()
      await ended
      expect(existsSync(marker)).toBe(false)
    }, 180_000)
  })
})
