/**
 * macOS: two halves become one application by the package that electron-builder takes for it, with what our configuration tells it. The halves
 * are played: programs of some bytes with the head of Mach-O; so are `file` and Apple's `lipo`, which are not to be had everywhere, by scripts.
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createPackageWithOptions } from '@electron/asar'
import type { Configuration } from 'electron-builder'
import { expect, onTestFinished, test } from 'vitest'
import { root } from '../../scripts/desktop/root.ts'

const builder = createRequire(createRequire(import.meta.resolve('electron-builder')).resolve('app-builder-lib'))
const { getConfig } = builder('app-builder-lib/out/util/config/config.js') as {
  getConfig(folder: string, file: string, more: null): Promise<Configuration>
}

/** Heads of a program for one processor, and of one for several. */
const single = Buffer.from('cffaedfe', 'hex')
const several = Buffer.from('cafebabe', 'hex')
/** One pattern of all names beside the archive would be longer than it may be, as it is in a release, whose names are shorter and more. */
const deep = Array.from({ length: 4 }, (_, at) => `${'a-folder-within-'.repeat(14)}${at}`).join('/')
const beside = Array.from({ length: 80 }, (_, at) => `node_modules/${deep}/${at}.js`)

async function writeHalf(folder: string, processor: string): Promise<string> {
  const application = path.join(folder, processor, 'Cloister.app')
  const resources = path.join(application, 'Contents/Resources')
  const source = path.join(folder, `source-${processor}`)
  for (const [file, content] of [
    ['package.json', '{"name":"cloister","main":"main/index.js"}'],
    ['main/index.js', 'export {}'],
    ['node_modules/native/x64.node', Buffer.concat([single, Buffer.from('x64')])],
    ['node_modules/native/arm64.node', Buffer.concat([single, Buffer.from('arm64')])],
    ...beside.map(name => [name, 'export {}'] as const),
  ] as const) {
    await mkdir(path.dirname(path.join(source, file)), { recursive: true })
    await writeFile(path.join(source, file), content)
  }
  await mkdir(path.join(application, 'Contents/MacOS'), { recursive: true })
  await mkdir(resources, { recursive: true })
  await createPackageWithOptions(source, path.join(resources, 'app.asar'), { unpackDir: 'node_modules' })
  await writeFile(path.join(application, 'Contents/MacOS/Cloister'), Buffer.concat([single, Buffer.from(processor)]))
  await writeFile(
    path.join(application, 'Contents/Info.plist'),
    '<?xml version="1.0"?><plist version="1.0"><dict><key>CFBundleName</key><string>Cloister</string></dict></plist>',
  )
  return application
}

test.skipIf(process.platform === 'win32')('the halves for both processors become one, with one archive', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'cloister-universal-'))
  const { platform, env } = process
  const search = env.PATH
  onTestFinished(async () => {
    Object.defineProperty(process, 'platform', { value: platform })
    env.PATH = search
    await rm(folder, { recursive: true })
  })
  const [x64AppPath, arm64AppPath] = [await writeHalf(folder, 'x64'), await writeHalf(folder, 'arm64')]
  const bin = path.join(folder, 'bin')
  await mkdir(bin)
  const writeScript = (name: string, script: string) =>
    writeFile(path.join(bin, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 })
  // ONE OTHER -create -output BOTH
  await writeScript('lipo', `printf '\\312\\376\\272\\276' | cat - "$1" "$2" > "$5.both" && mv "$5.both" "$5"`)
  // --brief --no-pad FILE
  await writeScript(
    'file',
    `case $(head -c 4 "$3" | od -An -tx1) in *'cf fa ed fe') echo Mach-O 64-bit;; *) echo data;; esac`,
  )
  env.PATH = `${bin}${path.delimiter}${search}`
  const { makeUniversalApp } = builder('@electron/universal') as {
    makeUniversalApp(options: Record<string, unknown>): Promise<void>
  }
  const { mac } = await getConfig(root, 'electron-builder.yml', null)
  const outAppPath = path.join(folder, 'both/Cloister.app')
  // Elsewhere it would refuse, and asks once.
  Object.defineProperty(process, 'platform', { value: 'darwin' })
  const joined = makeUniversalApp({
    x64AppPath,
    arm64AppPath,
    outAppPath,
    force: true,
    mergeASARs: mac?.mergeASARs ?? true,
    x64ArchFiles: mac?.x64ArchFiles ?? undefined,
  })
  Object.defineProperty(process, 'platform', { value: platform })
  await joined

  const contents = path.join(outAppPath, 'Contents')
  const program = await readFile(path.join(contents, 'MacOS/Cloister'))
  expect(program).toEqual(Buffer.concat([several, single, Buffer.from('x64'), single, Buffer.from('arm64')]))
  const archive = path.join(contents, 'Resources/app.asar')
  expect(await readFile(archive)).toEqual(await readFile(path.join(arm64AppPath, 'Contents/Resources/app.asar')))
  // One archive alone, and Electron is told its sum.
  const told = await readFile(path.join(contents, 'Info.plist'), 'utf8')
  expect(told.match(/<key>Resources\/[\w.-]+\.asar<\/key>/g)).toEqual(['<key>Resources/app.asar</key>'])
  // Each processor finds its own, in both halves the same.
  for (const processor of ['x64', 'arm64'])
    expect(
      (await readFile(path.join(`${archive}.unpacked`, `node_modules/native/${processor}.node`), 'latin1')).slice(4),
    ).toBe(processor)
})
