import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { FuseV1Options, FuseVersion, flipFuses, getCurrentFuseWire } from '@electron/fuses'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { afterPack } from '../../scripts/desktop/hooks.ts'
import { programWithFuses, publishedStates } from '../../tests/desktop/electron-dist.ts'
import { findFuseFaults, wishedFuses } from './fuses.ts'

const wished = '010011000'

describe('fuses', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'cloister-fuses-'))
  })
  afterEach(() => rm(folder, { recursive: true, force: true }))

  it('are as wished, or each one that is not is named', () => {
    expect(findFuseFaults(programWithFuses(wished))).toEqual([])
    expect(findFuseFaults(programWithFuses(publishedStates))).toEqual([
      'RunAsNode is on',
      'EnableCookieEncryption is off',
      'EnableNodeOptionsEnvironmentVariable is on',
      'EnableNodeCliInspectArguments is on',
      'EnableEmbeddedAsarIntegrityValidation is off',
      'OnlyLoadAppFromAsar is off',
      'GrantFileProtocolExtraPrivileges is on',
    ])
    // Taken out by Electron, and not in it at all.
    expect(findFuseFaults(programWithFuses('r10011000'))).toEqual(['RunAsNode is 0x72'])
    expect(findFuseFaults(programWithFuses('0100110'))).toEqual(['GrantFileProtocolExtraPrivileges is not in it'])
  })

  it('of a program for two processors are those of both', () => {
    const one = programWithFuses(wished)
    expect(findFuseFaults(Buffer.concat([one, programWithFuses(wished)]))).toEqual([])
    expect(findFuseFaults(Buffer.concat([one, programWithFuses('110011000')]))).toEqual(['RunAsNode is on'])
  })

  it('that are none, or of another kind, are a fault', () => {
    expect(findFuseFaults(Buffer.alloc(10_000))).toEqual(['there are no fuses in it'])
    const newer = programWithFuses(wished)
    newer[newer.indexOf('dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX') + 32] = 2
    expect(findFuseFaults(newer)).toEqual(['its fuses are of version 2, which nobody here knows'])
    // Cut off in the middle.
    const cut = programWithFuses(wished)
    expect(findFuseFaults(cut.subarray(0, cut.indexOf('dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX') + 33))).not.toEqual([])
  })

  it('have the names and places that Electron gives them', () => {
    for (const name of Object.keys(wishedFuses)) expect(FuseV1Options).toHaveProperty(name)
  })

  const context = (platform: string, appOutDir = folder) =>
    ({
      appOutDir,
      electronPlatformName: platform,
      packager: { appInfo: { productFilename: 'Cloister' }, executableName: 'cloister' },
    }) as unknown as Parameters<typeof afterPack>[0]

  it.each([
    ['linux', 'cloister'],
    ['win32', 'Cloister.exe'],
  ])('are set and read back when the application for %s has been packed', async (platform, name) => {
    const program = path.join(folder, name)
    await writeFile(program, programWithFuses())
    await afterPack(context(platform))
    const bytes = await readFile(program)
    expect(findFuseFaults(bytes)).toEqual([])
    const { length } = programWithFuses()
    expect(bytes.length).toBe(length)
    expect(await getCurrentFuseWire(program)).toMatchObject({ [FuseV1Options.RunAsNode]: 0x30 })
  })

  it('wait for both halves of a universal application', async () => {
    for (const half of ['x64', 'arm64']) await afterPack(context('darwin', path.join(folder, `universal-${half}-temp`)))
    // Nothing is there to be changed.
    await expect(afterPack(context('darwin', path.join(folder, 'universal')))).rejects.toThrow('ENOENT')
  })

  it('end the build where they cannot be as wished', async () => {
    const program = path.join(folder, 'cloister')
    await writeFile(program, Buffer.alloc(10_000))
    await expect(afterPack(context('linux'))).rejects.toThrow('sentinel')
    await writeFile(program, programWithFuses('1011'))
    await expect(afterPack(context('linux'))).rejects.toThrow('not long enough')
    // A wire that Electron's own tool leaves as it is: it flips what it is told to, and nobody told it all.
    await writeFile(program, programWithFuses())
    await flipFuses(program, { version: FuseVersion.V1, [FuseV1Options.RunAsNode]: false })
    expect(findFuseFaults(await readFile(program))).toHaveLength(6)
  })
})
