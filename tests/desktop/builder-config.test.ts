/** What electron-builder is told, held against its own scheme and against what the product is. */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import type { Configuration } from 'electron-builder'
import { describe, expect, test } from 'vitest'
import { usualBackupFolder } from '../../main/data/backups.ts'
import { userDataOf } from '../../main/start-options.ts'
import { root } from '../../scripts/desktop/root.ts'
import { targets } from '../../scripts/desktop/targets.ts'
import { usualDataDirectory } from '../../shared/data-directory.ts'
import { FORMATS } from '../../shared/parsers/formats.ts'

/** As electron-builder itself reads and checks its file. */
const builder = createRequire(import.meta.resolve('electron-builder'))
const { getConfig, validateConfiguration } = builder('app-builder-lib/out/util/config/config.js') as {
  getConfig(folder: string, file: string, more: null): Promise<Configuration>
  validateConfiguration(config: object, log: { isEnabled: boolean }): Promise<void>
}

const { default: AppImageTarget } = builder('app-builder-lib/out/targets/appimage/AppImageTarget.js') as {
  default: new (
    name: string,
    packager: object,
    helper: object,
    folder: string,
  ) => { desktopEntry: { value: Promise<string> } }
}
const { LinuxTargetHelper } = builder('app-builder-lib/out/targets/LinuxTargetHelper.js') as {
  LinuxTargetHelper: new (packager: object) => object
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

  test('asks the uninstaller’s questions with “No” chosen, backups apart, and not in an update', () => {
    const uninstall = installer.slice(installer.indexOf('!macro customUnInstall'))
    const boxes = uninstall.match(/^ *MessageBox .*$/gm) ?? []
    expect(boxes).toHaveLength(2)
    for (const box of boxes)
      expect(box).toMatch(/MB_YESNO\|MB_ICONQUESTION\|MB_DEFBUTTON2 "\$R8" \/SD IDNO IDNO (\w+)$/)
    expect(uninstall.trim()).toMatch(
      /^!macro customUnInstall\n {2}\$\{ifNot\} \$\{isUpdated\}\n[\s\S]*\n {2}\$\{endIf\}\n!macroend$/,
    )
    // Each question is followed by what it asks about, up to where “No” leads.
    const removed = [...uninstall.matchAll(/IDNO (\w+)\n([\s\S]*?)\n *\1:/g)].map(([, , lines = '']) =>
      lines.split('\n').map(line => line.trim()),
    )
    expect(removed).toEqual([
      ['RMDir /r "$LOCALAPPDATA\\Cloister"', 'RMDir /r "$APPDATA\\Cloister"', '!insertmacro cloisterForgetWindow'],
      ['RMDir /r "$LOCALAPPDATA\\Cloister-backups"', 'RMDir /r "$APPDATA\\Cloister-backups"'],
    ])
    // And each is in both languages, with the folders by name.
    const questions = [...uninstall.matchAll(/StrCpy \$R8 "(.*)"/g)].map(([, text = '']) => text)
    expect(questions.map(text => text.slice(0, 18))).toEqual([
      'Delete what Cloist',
      'Soll auch gelöscht',
      'Delete the daily b',
      'Sollen auch die tä',
    ])
    for (const text of questions.slice(0, 2)) {
      for (const name of [
        '$LOCALAPPDATA\\Cloister',
        '$APPDATA\\Cloister Desktop',
        'Credential Manager|Anmeldeinformationsverwaltung',
      ])
        expect(
          name.split('|').some(one => text.includes(one)),
          name,
        ).toBe(true)
    }
    for (const text of questions.slice(2)) expect(text).toContain('$LOCALAPPDATA\\Cloister-backups')
    // NSIS cuts longer ones off; folders are of 100 characters at most, as a rule.
    for (const text of questions)
      expect(text.replaceAll(/\$(?:LOCAL)?APPDATA/g, '?'.repeat(60)).length).toBeLessThan(1024)
    expect(installer).not.toMatch(/HKLM|HKCR|SHELL_CONTEXT/)
  })

  test('removes the folders that the program itself makes', async () => {
    const local = usualDataDirectory({ LOCALAPPDATA: 'L' }, { platform: 'win32', home: '' })
    const place = (folder: string) => folder.replace(/^L/, '$LOCALAPPDATA').replaceAll('/', '\\')
    expect(installer).toContain(`RMDir /r "${place(local)}"`)
    expect(installer).toContain(`RMDir /r "${place(usualBackupFolder(local))}"`)
    const [, name = ''] = /getPath\('appData'\), '([^']+)'/.exec(await read('main/index.ts')) ?? []
    expect(installer).toContain(`RMDir /r "$APPDATA\\${name}"`)
    const other = userDataOf(name, '/elsewhere')
    expect(installer).toContain(`"$APPDATA\\${name}-${'?'.repeat(other.length - name.length - 1)}"`)
    const { name: packageName } = JSON.parse(await read('package.json')) as { name: string }
    expect(installer).toContain(`RMDir /r "$LOCALAPPDATA\\${packageName}-updater"`)
    // No other folder is removed, and the program is not put where one of them is.
    expect(installer.match(/RMDir/g)).toHaveLength(7)
    const [, look = ''] = /Function cloisterLook\n([\s\S]*?)FunctionEnd/.exec(installer) ?? []
    for (const [, folder = ''] of installer.matchAll(/RMDir \/r "(\$\w+\\Cloister[\w -]*)"/g))
      expect(look).toContain(`$R0 == "${folder}"`)
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

  test('has no desktop start the AppImage without its sandbox', async () => {
    const packager = {
      platformSpecificBuildOptions: config.linux,
      config,
      executableName: 'cloister',
      appInfo: { productName: 'Cloister', buildVersion: '1.0.0', description: '' },
      info: { metadata: { desktopName: 'cloister.desktop' } },
      fileAssociations: [],
    }
    const entry = (config: Configuration) =>
      new AppImageTarget('', { ...packager, config }, new LinuxTargetHelper({ ...packager, config }), '').desktopEntry
        .value
    expect(await entry(config)).toContain('\nExec=AppRun %U\n')
    // And without what we say, it would.
    expect(await entry({ ...config, toolsets: {}, appImage: {} })).toContain('\nExec=AppRun --no-sandbox %U\n')
  })

  test('asks Debian for what Electron and our libraries are linked with, by names of today first', () => {
    const { depends = [], recommends } = config.deb as { depends?: string[]; recommends?: string[] }
    // Of the rest, GTK needs what is needed.
    for (const name of ['libasound2', 'libgbm1', 'libgtk-3-0', 'libnss3', 'libstdc++6 (>= 12)', 'libc6 (>= 2.34)'])
      expect(depends.filter(one => one.split(' | ').includes(name))).toHaveLength(1)
    for (const one of depends.filter(one => one.includes(' | '))) expect(one).toMatch(/^(\S+)t64 \| \1$/)
    expect(recommends).toEqual([])
    expect(config.toolsets?.appimage).toBe('1.0.3')
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
