import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { unpackNative } from './fetch-natives.ts'
import { collectPackages, locked, missingPackages } from './packages.ts'
import { packageOf, referencesOf } from './references.ts'
import { targetHere } from './targets.ts'

describe('packages of an installation', () => {
  it('are those named and what they need, with the parts of this machine alone', async () => {
    const packages = await collectPackages(['better-sqlite3', 'sqlite-vec', 'pino'], targetHere())
    const names = packages.map(({ name }) => name)
    expect(names).toEqual(
      expect.arrayContaining(['better-sqlite3', 'sqlite-vec', 'pino', 'thread-stream', 'sonic-boom']),
    )
    // It is for compiling, which is done.
    expect(names).not.toContain('node-addon-api')
    const files = packages.find(({ name }) => name === 'better-sqlite3')?.files ?? []
    expect(files.filter(file => file.endsWith('.node'))).toEqual([`prebuilds/${process.platform}-${process.arch}.node`])
    expect(files).toEqual(expect.arrayContaining(['package.json', 'LICENSE', 'lib/index.js']))
    expect(files.filter(file => /^(?:src|deps|build)\//.test(file))).toEqual([])
    expect(packages.flatMap(one => one.files).filter(file => /\.d\.ts$|\.map$/.test(file))).toEqual([])
  })

  it('of other machines that are not here are named, all of them', async () => {
    const target = process.platform === 'win32' ? 'linux-x64' : 'win32-x64'
    const missing = await missingPackages(['sqlite-vec', '@napi-rs/canvas', 'node-llama-cpp'], target)
    expect(missing).toHaveLength(3 + 1)
    await expect(collectPackages(['sqlite-vec'], target)).rejects.toThrow(`fetch-natives.ts ${target}`)
    await expect(collectPackages(['nowhere-to-be-found'], target)).rejects.toThrow('nowhere-to-be-found')
    // Each can be fetched, and be known again.
    for (const name of missing)
      expect((await locked()).get(name)).toMatchObject({ integrity: expect.stringMatching(/^sha512-/) })
  })

  describe('that are fetched', () => {
    let folder: string
    beforeEach(async () => {
      folder = await mkdtemp(path.join(tmpdir(), 'cloister-natives-'))
    })
    afterEach(() => rm(folder, { recursive: true, force: true }))

    it('are only unpacked when they are those of the lock file', async () => {
      await mkdir(path.join(folder, 'package'))
      await writeFile(path.join(folder, 'package/package.json'), '{"name":"sqlite-vec-windows-x64"}')
      execFileSync('tar', ['-czf', 'native.tgz', 'package'], { cwd: folder })
      const archive = path.join(folder, 'native.tgz')
      await expect(unpackNative('sqlite-vec-windows-x64', archive, folder)).rejects.toThrow('lock file')
      await expect(unpackNative('nowhere-to-be-found', archive, folder)).rejects.toThrow('lock file')
      await expect(readFile(path.join(folder, 'node_modules/sqlite-vec-windows-x64/package.json'))).rejects.toThrow()
    })
  })
})

describe('what built JavaScript names', () => {
  it('is seen in every way there is to name it', () => {
    const text = `
      import a from 'one'
      export * from './two.js'
      const three = await import('three/deep')
      const load = createRequire(new URL("../shared/x.ts", import.meta['url']).href)
      load('four')
      createRequire(import.meta.url)('../package.json')
      import.meta.resolve('@five/six/package.json')
      new Worker(new URL('./seven.js', import.meta['url']))
      load.resolve(\`eight\`)
      // import 'nine'
      const ten = "import 'ten'"
      load(ten)
      createRequire(path.join(home, 'x.js'))('./unknown.json')
      createRequire(home)('twelve/a')
      const __require = /* @__PURE__ */ createRequire(import.meta.url)
      __require('eleven')`
    expect(referencesOf('a.js', text).map(({ kind, specifier, base }) => [kind, specifier, base])).toEqual([
      ['import', 'one', undefined],
      ['import', './two.js', undefined],
      ['dynamic', 'three/deep', undefined],
      ['url', '../shared/x.ts', undefined],
      ['require', 'four', '../shared/x.ts'],
      ['require', '../package.json', undefined],
      ['resolve', '@five/six/package.json', undefined],
      ['url', './seven.js', undefined],
      ['resolve', 'eight', '../shared/x.ts'],
      ['require', 'twelve/a', undefined],
      ['require', 'eleven', undefined],
    ])
    expect(() => referencesOf('a.js', 'const = 1')).toThrow('a.js')
  })

  it.each([
    ['one', 'one'],
    ['three/deep', 'three'],
    ['@five/six/package.json', '@five/six'],
    ['./two.js', undefined],
    ['#inner', undefined],
    ['node:fs', undefined],
    ['file:///a', undefined],
  ])('%s is of the package %s', (specifier, name) => {
    expect(packageOf(specifier)).toBe(name)
  })
})
