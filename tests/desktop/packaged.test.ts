/**
 * What is installed, proven without Electron: the folder that is packed runs by itself under plain Node, far from any `node_modules`, and
 * electron-builder packs just that folder, around a program with fuses that stands for Electron's. And what `npm run desktop` does with it.
 */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cp, mkdir, mkdtemp, readFile, realpath, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { builtinModules, createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { extractFile, listPackage } from '@electron/asar'
import { createCanvas } from '@napi-rs/canvas'
import { build, Platform } from 'electron-builder'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { describeProcesses } from '../../main/processes/started.ts'
import { findFuseFaults } from '../../main/safety/fuses.ts'
import { filesOf } from '../../scripts/desktop/packages.ts'
import { packageOf, referencesOf } from '../../scripts/desktop/references.ts'
import { root, staged } from '../../scripts/desktop/root.ts'
import { targetHere } from '../../scripts/desktop/targets.ts'
import { exampleDocx } from '../../scripts/fixtures/docx.ts'
import { scriptedChat } from '../../scripts/tiny-models.ts'
import { writeGguf } from '../../scripts/write-gguf.ts'
import { until } from '../until.ts'
import { writeElectronDist } from './electron-dist.ts'
import { env, runProgram } from './run-program.ts'
import { putProgram, startCheckout } from './start-checkout.ts'

/** Says for what the one in the checkout was put together; the one that is packed has none. */
const stamp = path.join(staged, '.checkout')

let folder: string
let app: string
let files: string[]
/** What a checkout did that was to start an application that is not as it is now. */
let first: { code: number | null; stdout: string; stderr: string }
beforeAll(async () => {
  folder = await realpath(await mkdtemp(path.join(tmpdir(), 'cloister-packaged-')))
  app = path.join(folder, 'app')
  // As users start it: what tests set in their environment makes another page.
  if (process.platform !== 'linux') {
    await promisify(execFile)(process.execPath, ['scripts/desktop/stage.ts', targetHere(), app], { cwd: root, env })
  } else {
    // It takes 8 s of the processor: what a checkout puts together is what is looked at, too.
    await putProgram(folder, 'pwd; echo "$@"; echo "node: $ELECTRON_RUN_AS_NODE"; exit 7')
    await utimes(stamp, 0, 0).catch(() => {})
    const begun = startCheckout(folder, ['Brief.pdf', '--data', 'ordner'], { ELECTRON_RUN_AS_NODE: '1' })
    first = { code: await begun.finished, ...begun.said }
    await cp(staged, app, { recursive: true, filter: from => from !== stamp })
  }
  files = await allFiles(app)
}, 300_000)
afterAll(() => rm(folder, { recursive: true, force: true }))

/** With packages within. */
async function allFiles(of: string): Promise<string[]> {
  const packages = (await filesOf(path.join(of, 'node_modules'))).map(file => `node_modules/${file}`)
  const nested = await Promise.all(
    packages
      .filter(file => file.endsWith('/package.json'))
      .map(path.dirname)
      .filter(place => existsSync(path.join(of, place, 'node_modules')))
      .map(async place =>
        (await filesOf(path.join(of, place, 'node_modules'))).map(file => `${place}/node_modules/${file}`),
      ),
  )
  return [...new Set([...(await filesOf(of)), ...packages, ...nested.flat()])].sort()
}

describe.skipIf(process.platform !== 'linux')('a checkout', () => {
  test('starts the application as it is now, where the user stands, with the arguments and nothing that makes Node of it', async () => {
    expect(first).toEqual({
      code: 7,
      stderr: expect.stringContaining('Die Anwendung wird zusammengestellt'),
      stdout: `${folder}\n${staged} Brief.pdf --data ordner\nnode: \n`,
    })
    // As if nobody could change a source meanwhile.
    const { mtime } = await stat(stamp)
    await utimes(stamp, new Date(), new Date(Date.now() + 600_000))
    const second = startCheckout(folder, [])
    expect({ code: await second.finished, stderr: second.said.stderr }).toEqual({ code: 7, stderr: '' })
    await utimes(stamp, mtime, mtime)
  }, 240_000)

  test('hands a signal on, once, and waits', async () => {
    await putProgram(
      folder,
      `trap 'echo told; trap "echo again" TERM; sleep 1; exit 3' TERM; echo up; while :; do sleep 0.1; done`,
    )
    const running = startCheckout(folder, [])
    await until(() => running.said.stdout.includes('up'), 'it is started', 180_000)
    running.child.kill('SIGTERM')
    await until(() => running.said.stdout.includes('told'), 'it is told')
    running.child.kill('SIGTERM')
    expect(await running.finished).toBe(3)
    expect(running.said.stdout).toBe('up\ntold\n')
  }, 240_000)
})

describe('the folder that is packed', () => {
  test('holds everything that its programs name', async () => {
    const missing: string[] = []
    for (const file of files.filter(name => /^(?:server|main)\/[^/]*\.c?js$/.test(name))) {
      const place = path.join(app, file)
      for (const { specifier, base, kind, line } of referencesOf(file, await readFile(place, 'utf8'))) {
        if (specifier.startsWith('node:') || builtinModules.includes(specifier) || specifier === 'electron') continue
        // Where a source lay, which is only a place to look from.
        if (kind === 'url' && !/\.[cm]?js$/.test(specifier)) continue
        const from = base === undefined ? place : path.resolve(path.dirname(place), base)
        const found = packageOf(specifier)
          ? resolved(from, specifier)
          : path.resolve(path.dirname(from), decodeURIComponent(specifier))
        if (!found?.startsWith(app + path.sep) || !existsSync(found)) missing.push(`${file}:${line} ${specifier}`)
      }
    }
    expect(missing).toEqual([])
  })

  test('holds what the main process starts and shows', async () => {
    const { entry, entries } = describeProcesses('server', { env: {}, compiled: undefined })
    const started = [entry, ...Object.values(entries)].map(file => file.replaceAll(path.sep, '/'))
    expect(started).toHaveLength(5)
    expect(started.filter(name => !files.includes(name))).toEqual([])
    for (const icon of ['tray.png', 'tray@2x.png', 'trayTemplate.png', 'tray.ico', 'window.png'])
      expect(files).toContain(`icons/${icon}`)
  })

  test('and its packages find what they import', async () => {
    const missing: string[] = []
    for (const file of files.filter(name => name.startsWith('node_modules/') && /\.m?js$/.test(name))) {
      const place = path.join(app, file)
      const text = await readFile(place, 'utf8')
      if (!/^(?:import|export)\b/m.test(text)) continue
      for (const { specifier, kind, line } of referencesOf(file, text)) {
        if (kind !== 'import' || /^(?:node:|#)/.test(specifier) || builtinModules.includes(specifier)) continue
        const found = packageOf(specifier) ? resolved(place, specifier) : path.resolve(path.dirname(place), specifier)
        if (!found?.startsWith(app + path.sep) || !existsSync(found)) missing.push(`${file}:${line} ${specifier}`)
      }
    }
    expect(missing).toEqual([])
  })

  test('holds a page whose parts are all there, and no script in its text', async () => {
    const page = path.join(app, 'dist/renderer')
    const html = await readFile(path.join(page, 'index.html'), 'utf8')
    const named = [...html.matchAll(/(?:src|href)="\/([^"]+)"/g)].map(([, name]) => name ?? '')
    expect(named.length).toBeGreaterThan(2)
    expect(named.filter(name => !existsSync(path.join(page, name)))).toEqual([])
    expect(html).not.toMatch(/<script(?![^>]*\bsrc=)[^>]*>/)
    const missing: string[] = []
    for (const file of files.filter(name => /^dist\/renderer\/.*\.m?js$/.test(name))) {
      for (const { specifier, kind, line } of referencesOf(file, await readFile(path.join(app, file), 'utf8'))) {
        if (kind !== 'import' && kind !== 'dynamic') continue
        const found = specifier.startsWith('/')
          ? path.join(page, specifier)
          : path.resolve(app, path.dirname(file), specifier)
        if (!existsSync(found)) missing.push(`${file}:${line} ${specifier}`)
      }
    }
    expect(missing).toEqual([])
  })

  test('holds programs of this platform only, nothing for developers, and no path of the machine that built it', async () => {
    const foreign = files.filter(file => /(?:win32|windows|darwin|mac-|musl|android|freebsd|cuda|vulkan)/.test(file))
    const native = foreign.filter(file => /\.(?:node|so|dylib|dll|exe)(?:\.|$)/.test(file))
    if (process.platform === 'linux') expect(native).toEqual([])
    expect(files.filter(file => /\.test\.|\.d\.[cm]?ts$|\.gyp$|\.cc?$|\.bundle$/.test(file))).toEqual([])
    const shipped = files.filter(file => !file.endsWith('.map') && /\.(?:[cm]?js|json|html|css|txt)$/.test(file))
    const telling: string[] = []
    for (const file of shipped) if ((await readFile(path.join(app, file), 'utf8')).includes(root)) telling.push(file)
    expect(telling).toEqual([])
  })

  test('says whose works it contains', async () => {
    const text = await readFile(path.join(app, 'THIRD-PARTY-LICENSES.txt'), 'utf8')
    for (const name of ['better-sqlite3', 'react', 'pdfjs-dist', 'tesseract.js-core', 'zod', 'llama.cpp'])
      expect(text).toMatch(new RegExp(`^${name}\\b.*\nLicence: `, 'm'))
    expect(text).toContain('Text of MIT')
    expect(text).toContain('Text of Apache-2.0')
  })

  test('answers from a PDF and from a document of Word', async () => {
    const place = await emptyPlace('ask')
    await cp(path.join(root, 'samples/hygieneplan.pdf'), path.join(place, 'plan.pdf'))
    await writeFile(path.join(place, 'lease.docx'), exampleDocx())
    const pdf = await answer(app, place, ['ask', 'plan.pdf', 'Wie lange dauert die hygienische Händedesinfektion?'])
    expect(JSON.stringify(pdf)).toContain('30 Sekunden')
    const word = await answer(app, place, ['ask', 'lease.docx', 'Wie hoch ist die monatliche Miete?'])
    expect(JSON.stringify(word)).toContain('1.845,00 Euro')
  })

  test('reads a scanned page', { timeout: 180_000 }, async () => {
    const place = await emptyPlace('scan')
    await writeFile(path.join(place, 'scan.png'), await scan('Die Kündigungsfrist beträgt drei Monate.'))
    const { code, stdout, stderr } = await runProgram(app, place, [
      'ask',
      'scan.png',
      'Wie lang ist die Kündigungsfrist?',
    ])
    expect(stdout + stderr).toMatch(/drei Monate/)
    expect(code).toBe(0)
  })

  test('loads a model', { timeout: 180_000 }, async () => {
    const place = await emptyPlace('model')
    await writeGguf(path.join(place, 'chat.gguf'), scriptedChat('The notice period is three months [1].'))
    await writeFile(path.join(place, 'lease.md'), 'The notice period is three months.')
    expect((await runProgram(app, place, ['models', 'add', 'chat.gguf'])).code).toBe(0)
    const given = await answer(app, place, ['ask', 'lease.md', 'How long is the notice period?'])
    expect(given).toMatchObject({ mode: 'model', model: 'chat.gguf', reason: null })
  })
})

describe('what electron-builder makes of it', () => {
  let resources: string
  let archive: string
  let program: string
  beforeAll(async () => {
    const electronDist = path.join(folder, 'electron-dist')
    await writeElectronDist(electronDist)
    const output = path.join(folder, 'installers')
    await build({
      projectDir: root,
      targets: Platform.LINUX.createTarget('dir'),
      publish: 'never',
      config: {
        extends: path.join(root, 'electron-builder.yml'),
        electronDist,
        directories: { app, output, buildResources: path.join(root, 'build') },
      },
    })
    resources = path.join(output, 'linux-unpacked/resources')
    archive = path.join(resources, 'app.asar')
    program = path.join(output, 'linux-unpacked/cloister')
  }, 300_000)

  test('packs every file of the folder but maps, and none besides', async () => {
    const entries = listPackage(archive, { isPack: false }).map(name => name.replaceAll(path.sep, '/').slice(1))
    const folders = new Set(entries.map(path.posix.dirname))
    const packed = entries.filter(name => !folders.has(name)).sort()
    expect(packed).toEqual(files.filter(file => !file.endsWith('.map')))
  })

  test('leaves outside the archive what is opened by its path, and nothing else', async () => {
    const outside = await allFiles(path.join(resources, 'app.asar.unpacked'))
    const wished = files.filter(file => /^(?:server|node_modules|icons)\//.test(file) && !file.endsWith('.map'))
    expect(outside).toEqual(wished)
    expect(outside.filter(file => file.endsWith('.node')).length).toBeGreaterThan(2)
    for (const inside of ['main/index.js', 'main/preload.cjs', 'package.json', 'dist/renderer/index.html'])
      expect(extractFile(archive, inside)).toEqual(await readFile(path.join(app, inside)))
  })

  test('has the fuses that are wished', async () => {
    expect(findFuseFaults(await readFile(program))).toEqual([])
  })

  test('answers from where it is installed', async () => {
    const place = await emptyPlace('installed')
    await cp(path.join(root, 'samples/hygieneplan.pdf'), path.join(place, 'plan.pdf'))
    const question = 'Wie lange dauert die hygienische Händedesinfektion?'
    const given = await answer(path.join(resources, 'app.asar.unpacked'), place, ['ask', 'plan.pdf', question])
    expect(JSON.stringify(given)).toContain('30 Sekunden')
  })
})

function resolved(from: string, specifier: string): string | undefined {
  try {
    return createRequire(from).resolve(specifier)
  } catch {
    // A package may have doors for modules alone.
    const name = packageOf(specifier) ?? ''
    const places = createRequire(from).resolve.paths(name) ?? []
    return places.map(place => path.join(place, name, 'package.json')).find(existsSync)
  }
}

async function emptyPlace(name: string): Promise<string> {
  const place = path.join(folder, name)
  await mkdir(place)
  return place
}

async function answer(of: string, place: string, args: readonly string[]): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await runProgram(of, place, [...args, '--json'])
  expect({ code, stderr }).toMatchObject({ code: 0 })
  return JSON.parse(stdout) as Record<string, unknown>
}

/** A line of text as somebody's camera has it. */
async function scan(text: string): Promise<Buffer> {
  const canvas = createCanvas(1200, 300)
  const context = canvas.getContext('2d')
  context.fillStyle = '#fff'
  context.fillRect(0, 0, 1200, 300)
  context.fillStyle = '#111'
  context.font = '44px sans-serif'
  context.fillText(text, 60, 150)
  return canvas.encode('png')
}
