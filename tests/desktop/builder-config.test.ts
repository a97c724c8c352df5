/** What electron-builder is told, held against its own scheme and against what the product is. */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import type { Configuration } from 'electron-builder'
import { describe, expect, test } from 'vitest'
import { root } from '../../scripts/desktop/root.ts'
import { targets } from '../../scripts/desktop/targets.ts'
import { FORMATS } from '../../shared/parsers/formats.ts'

/** As electron-builder itself reads and checks its file. */
const builder = createRequire(import.meta.resolve('electron-builder'))
const { getConfig, validateConfiguration } = builder('app-builder-lib/out/util/config/config.js') as {
  getConfig(folder: string, file: string, more: null): Promise<Configuration>
  validateConfiguration(config: object, log: { isEnabled: boolean }): Promise<void>
}

const read = (file: string) => readFile(path.join(root, file), 'utf8')
const config = await getConfig(root, 'electron-builder.yml', null)
const known = new Set(FORMATS.flatMap(({ extensions }) => extensions))
const installer = await read('build/installer.nsh')

describe('the configuration of electron-builder', () => {
  test('is one by its own scheme', async () => {
    await validateConfiguration(config, { isEnabled: false })
    // And the scheme says no.
    const wrong = { ...config, nsis: { ...config.nsis, oneclick: true } }
    await expect(validateConfiguration(wrong, { isEnabled: false })).rejects.toThrow('configuration.nsis should be')
  })

  test('names files that are there', () => {
    const { mac, win, linux, nsis, directories, beforeBuild, afterPack } = config
    const inBuild = [mac?.icon, win?.icon, linux?.icon].map(name => `build/${name}`)
    const others = [mac?.entitlements, mac?.entitlementsInherit, nsis?.include, beforeBuild, afterPack]
    for (const file of [...inBuild, ...others])
      expect(existsSync(path.join(root, String(file))), String(file)).toBe(true)
    expect(directories).toEqual({ app: 'dist/app', output: 'dist/installers', buildResources: 'build' })
  })

  test('installs for the user alone, keeps data, and publishes nothing by itself', () => {
    expect(config).toMatchObject({
      publish: null,
      asar: true,
      nsis: { oneClick: false, perMachine: false, allowElevation: false, deleteAppDataOnUninstall: false },
      mac: { hardenedRuntime: true, notarize: true },
      win: { verifyUpdateCodeSignature: true },
      protocols: [{ schemes: ['cloister'] }],
    })
    const kinds = (one: object | null | undefined) =>
      (one as { target: { target: string }[] }).target.map(({ target }) => target)
    expect([kinds(config.win), kinds(config.mac), kinds(config.linux)]).toEqual([
      ['nsis'],
      ['dmg', 'zip'],
      ['AppImage', 'deb'],
    ])
    expect(Object.keys(targets)).toContain('darwin-universal')
  })

  test('asks the uninstaller’s question with “No” chosen, and not in an update', () => {
    expect(installer).toMatch(
      /\$\{ifNot\} \$\{isUpdated\}[\s\S]*MB_YESNO\|MB_ICONQUESTION\|MB_DEFBUTTON2[^\n]*\/SD IDNO/,
    )
    expect(installer.match(/RMDir/g)).toHaveLength(1)
    expect(installer).toContain('Sollen auch die Dokumente')
    expect(installer).not.toMatch(/HKLM|HKCR|SHELL_CONTEXT/)
  })

  test('offers to open what can be read, and takes nothing over', () => {
    const associations = (config.mac as { fileAssociations: { ext: string[]; role: string; rank: string }[] })
      .fileAssociations
    for (const { ext, role, rank } of associations) {
      expect(ext.filter(name => !known.has(name))).toEqual([])
      expect({ role, rank }).toEqual({ role: 'Viewer', rank: 'Alternate' })
    }
    // Under Windows, electron-builder would write itself in as the default.
    expect(config.fileAssociations ?? null).toBeNull()
    expect((config.win as { fileAssociations?: unknown }).fileAssociations).toBeUndefined()
    const offered = [...installer.matchAll(/insertmacro \$\{DO\} "(\w+)"/g)].map(([, name = '']) => name)
    expect(offered.filter(name => !known.has(name))).toEqual([])
    expect(offered.length).toBeGreaterThan(15)
    expect(installer).not.toMatch(/Software\\Classes\\\.\$\{EXTENSION\}" ""/)
    const types = new Set(FORMATS.map(({ mediaType }) => mediaType))
    expect((config.linux as { mimeTypes: string[] }).mimeTypes.filter(type => !types.has(type))).toEqual([])
  })

  test('lets off no more than is needed, and holds no secret', async () => {
    for (const file of [config.mac?.entitlements, config.mac?.entitlementsInherit]) {
      const keys = [...(await read(String(file))).matchAll(/<key>([^<]+)<\/key>/g)].map(([, key]) => key)
      expect(keys).toEqual(['com.apple.security.cs.allow-jit'])
    }
    expect(JSON.stringify(config)).not.toMatch(
      /cscLink|cscKeyPassword|signtoolOptions|azureSignOptions|BEGIN [A-Z ]*KEY/,
    )
  })
})
