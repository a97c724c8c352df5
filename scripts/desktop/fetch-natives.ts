/**
 * `node scripts/desktop/fetch-natives.ts TARGET`: packages of the target's machines that npm leaves out here, because they are for another
 * one: half of macOS's installers on either processor. Fetched by npm itself, in the versions of the lock file, and held against its
 * checksums before they are unpacked.
 */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { apart } from '../build-server.ts'
import { locked, missingPackages } from './packages.ts'
import { root } from './root.ts'
import { isTarget, targets } from './targets.ts'

const run = promisify(execFile)

/** Unpacks it where npm would. Throws for another one than the lock file names. */
export async function unpackNative(name: string, archive: string, to = root): Promise<void> {
  const { integrity = '' } = (await locked()).get(name) ?? {}
  const wanted = integrity.match(/^sha512-(.+)$/)?.[1]
  const sum = createHash('sha512')
    .update(await readFile(archive))
    .digest('base64')
  if (wanted === undefined || wanted !== sum) throw new Error(`${name}: not the package of the lock file`)
  const folder = path.join(to, 'node_modules', name)
  await mkdir(folder, { recursive: true })
  await run('tar', ['-xzf', archive, '--strip-components=1', '-C', folder])
}

if (import.meta.main) {
  const [target = ''] = process.argv.slice(2)
  if (!isTarget(target)) throw new Error(`TARGET: ${Object.keys(targets).join(', ')}`)
  const folder = await mkdtemp(path.join(tmpdir(), 'cloister-natives-'))
  try {
    for (const name of await missingPackages(apart, target)) {
      const version = (await locked()).get(name)?.version
      if (version === undefined) throw new Error(`${name} is not in the lock file`)
      const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
      const options = { cwd: folder, shell: process.platform === 'win32' }
      const { stdout } = await run(npm, ['pack', '--json', `${name}@${version}`], options)
      const [packed] = JSON.parse(stdout) as { filename: string }[]
      await unpackNative(name, path.join(folder, (packed?.filename ?? '').replace(/^@/, '').replaceAll('/', '-')))
      process.stdout.write(`${name}@${version}\n`)
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
