/**
 * The installer of Windows, compiled: by electron-builder with its own script and `build/installer.nsh` in it, warnings being errors. What
 * electron-builder would download is NSIS as Debian has it, and stand-ins: plug-ins that offer the names which the script calls and hold
 * nothing, an archive of two letters, and for Wine what leaves a file where the uninstaller would lie.
 */
import { execFileSync } from 'node:child_process'
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, realpath, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Arch, build, Platform } from 'electron-builder'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { root } from '../../scripts/desktop/root.ts'
import { writeElectronDist } from './electron-dist.ts'
import { writeLibrary } from './windows-program.ts'

const builder = createRequire(createRequire(import.meta.resolve('electron-builder')).resolve('app-builder-lib'))
const templates = path.resolve(path.dirname(builder.resolve('../package.json')), 'templates/nsis')
const script = path.join(root, 'build/installer.nsh')

const makensis = findMakensis()
if (makensis === undefined && process.env.CI === 'true' && process.platform === 'linux')
  throw new Error('CI has no makensis for the installer of Windows (Debian: nsis)')

function findMakensis(): string | undefined {
  // Elsewhere the workflow "desktop" builds the installer itself, with all that is downloaded.
  if (process.platform !== 'linux') return undefined
  try {
    return execFileSync('sh', ['-c', 'command -v makensis'], { encoding: 'utf8' }).trim()
  } catch {
    return undefined
  }
}

/** All that the script calls of what electron-builder brings, and NSIS does not. */
const plugins = {
  'UAC.dll': ['_'],
  'StdUtils.dll': ['ExecShellAsUser', 'GetAllParameters', 'GetParameter', 'GetParentPath', 'HashFile', 'TestParameter'],
  'WinShell.dll': ['SetLnkAUMI', 'UninstAppUserModelId', 'UninstShortcut'],
  'nsis7z.dll': ['Extract'],
}

test('everything that the installer of ours adds is asked for by electron-builder', async () => {
  const names = [...(await readFile(script, 'utf8')).matchAll(/^ *!macro (custom\w+)/gm)].map(([, name = '']) => name)
  expect(names.sort()).toEqual(['customHeader', 'customInit', 'customInstall', 'customInstallMode', 'customUnInstall'])
  const files = (await readdir(templates, { recursive: true })).filter(name => /\.ns[hi]$/.test(name))
  const texts = await Promise.all(files.map(name => readFile(path.join(templates, name), 'utf8')))
  for (const name of names) expect(texts.join('\n')).toMatch(new RegExp(`^\\s*!insertmacro ${name}$`, 'im'))
})

describe.skipIf(makensis === undefined)(
  `the installer of Windows${makensis === undefined ? ' (0 of 2 ran: no makensis; Debian: nsis)' : ''}`,
  () => {
    let folder: string
    let nsis: string
    beforeAll(async () => {
      folder = await mkdtemp(path.join(tmpdir(), 'cloister-installer-'))
      nsis = path.join(folder, 'nsis')
      await mkdir(path.join(nsis, 'linux'), { recursive: true })
      const program = await realpath(makensis ?? '')
      await symlink(program, path.join(nsis, 'linux/makensis'))
      const share = path.resolve(path.dirname(program), '../share/nsis')
      for (const name of await readdir(share)) await symlink(path.join(share, name), path.join(nsis, name))
      await writeFile(path.join(nsis, 'elevate.exe'), '')
      const offered = path.join(folder, 'resources/plugins/x86-unicode')
      await mkdir(offered, { recursive: true })
      for (const [name, functions] of Object.entries(plugins))
        await writeFile(path.join(offered, name), writeLibrary(name, functions))
      await writePrograms(path.join(folder, 'bin'))
      await writeElectronDist(path.join(folder, 'electron'))
      const app = path.join(folder, 'app')
      await mkdir(path.join(app, 'main'), { recursive: true })
      const manifest = { name: 'cloister', productName: 'Cloister', version: '1.2.3', description: 'Asks', author: 'C' }
      await writeFile(path.join(app, 'package.json'), JSON.stringify({ ...manifest, main: 'main/index.js' }))
      await writeFile(path.join(app, 'main/index.js'), '// nothing\n')
    })
    afterAll(() => rm(folder, { recursive: true, force: true }))
    afterEach(() => {
      vi.unstubAllEnvs()
    })

    /** `include`: what stands in the place of build/installer.nsh. */
    async function compile(name: string, include: string): Promise<string> {
      vi.stubEnv('PATH', `${path.join(folder, 'bin')}${path.delimiter}${process.env.PATH}`)
      vi.stubEnv('ELECTRON_BUILDER_NSIS_DIR', nsis)
      vi.stubEnv('ELECTRON_BUILDER_NSIS_RESOURCES_DIR', path.join(folder, 'resources'))
      vi.stubEnv('ELECTRON_BUILDER_7ZIP_PATH', path.join(folder, 'bin/7za'))
      const resources = path.join(folder, name, 'build')
      await cp(path.join(root, 'build'), resources, { recursive: true })
      await writeFile(path.join(resources, 'installer.nsh'), include)
      await build({
        projectDir: root,
        targets: Platform.WINDOWS.createTarget(['nsis'], Arch.x64),
        publish: 'never',
        config: {
          extends: path.join(root, 'electron-builder.yml'),
          electronDist: path.join(folder, 'electron'),
          // Needs programs of Windows.
          win: { signAndEditExecutable: false },
          nsis: { include: path.join(resources, 'installer.nsh') },
          directories: { app: path.join(folder, 'app'), output: path.join(folder, name), buildResources: resources },
        },
      })
      return path.join(folder, name, 'Cloister-1.2.3-win-x64.exe')
    }

    test('is compiled without a warning', { timeout: 120_000 }, async () => {
      const installer = await compile('good', await readFile(script, 'utf8'))
      expect((await stat(installer)).size).toBeGreaterThan(50_000)
    })

    test('is not compiled with a mistake in what we add', { timeout: 120_000 }, async () => {
      const text = await readFile(script, 'utf8')
      const wrong = text.replace('RMDir /r "$LOCALAPPDATA\\Cloister"', 'RMDir /r "$LOCALAPPDATTA\\Cloister"')
      expect(wrong).not.toBe(text)
      await expect(compile('bad', wrong)).rejects.toThrow(/unknown variable\/constant "LOCALAPPDATTA/)
    })
  },
)

async function writePrograms(bin: string): Promise<void> {
  await mkdir(bin)
  for (const [name, text] of [
    ['7za', 'for one in "$@"; do case "$one" in *.7z) printf 7z >"$one"; exit;; esac; done'],
    // The program that is started under Wine writes the uninstaller beside itself, and does nothing else.
    ['wine', 'printf uninstaller >"$(dirname "$1")/$(basename "$1" exe)__uninstaller.exe"'],
  ] as const) {
    await writeFile(path.join(bin, name), `#!/bin/sh\n${text}\n`)
    await chmod(path.join(bin, name), 0o755)
  }
}
