/** What electron-builder calls. */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { type FuseConfig, FuseV1Options, FuseVersion, flipFuses, pathToFuseFile } from '@electron/fuses'
import type { AfterPackContext } from 'electron-builder'
import { findFuseFaults, wishedFuses } from '../../main/safety/fuses.ts'

/** `false`: packages are in place, none is to be looked for. Otherwise those of the repository would be packed. */
export async function beforeBuild(): Promise<boolean> {
  return false
}

/** Of Linux, the packager has the name of the program. */
type Packed = Pick<AfterPackContext, 'appOutDir' | 'electronPlatformName'> & {
  packager: Pick<AfterPackContext['packager'], 'appInfo'> & { executableName?: string }
}

/** Sets the fuses, and reads the file again: what is signed afterwards is what is wished. */
export async function afterPack(context: Packed): Promise<void> {
  const { appOutDir, electronPlatformName: platform } = context
  // Half of a universal application: joined, it comes here again. Signed apart, the halves would differ where they have to be the same.
  if (platform === 'darwin' && /-(?:x64|arm64)-temp$/.test(appOutDir)) return
  const program = programOf(context)
  const fuses: FuseConfig = {
    version: FuseVersion.V1,
    // Changed bytes end the signature that programs for Apple's own processors come with, and they would not start.
    resetAdHocDarwinSignature: platform === 'darwin',
    ...Object.fromEntries(Object.entries(wishedFuses).map(([name, on]) => [FuseV1Options[name as never], on])),
  }
  await flipFuses(program, fuses)
  const faults = findFuseFaults(await readFile(pathToFuseFile(program)))
  if (faults.length > 0) throw new Error(`fuses of ${program}: ${faults.join('; ')}`)
}

function programOf({ appOutDir, electronPlatformName: platform, packager }: Packed): string {
  const { productFilename } = packager.appInfo
  if (platform === 'darwin') return path.join(appOutDir, `${productFilename}.app`)
  return path.join(
    appOutDir,
    platform === 'win32' ? `${productFilename}.exe` : (packager.executableName ?? productFilename),
  )
}
