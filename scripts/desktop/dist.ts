/**
 * `npm run dist [-- TARGET]`: puts the application together and has electron-builder make its installers, in `dist/installers`. A channel of
 * updates becomes part of the build with UPDATE_CHANNEL (its address) and UPDATE_PUBLIC_KEY (who signs it); without them there are no updates.
 */
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { Arch, build, Platform } from 'electron-builder'
import { checkHomepage } from './homepage.ts'
import { root, staged } from './root.ts'
import { stage } from './stage.ts'
import { isTarget, type Target, targetHere, targets } from './targets.ts'

const machines: Record<Target, Map<Platform, Map<Arch, string[]>>> = {
  'linux-x64': Platform.LINUX.createTarget(['AppImage', 'deb'], Arch.x64),
  'linux-arm64': Platform.LINUX.createTarget(['AppImage', 'deb'], Arch.arm64),
  'win32-x64': Platform.WINDOWS.createTarget(['nsis'], Arch.x64),
  'darwin-x64': Platform.MAC.createTarget(['dmg', 'zip'], Arch.x64),
  'darwin-arm64': Platform.MAC.createTarget(['dmg', 'zip'], Arch.arm64),
  'darwin-universal': Platform.MAC.createTarget(['dmg', 'zip'], Arch.universal),
}

const [given = targetHere()] = process.argv.slice(2)
if (!isTarget(given)) throw new Error(`${given}: known targets are ${Object.keys(targets).join(', ')}`)
// React's parts for developers name the files that they come from.
process.env.NODE_ENV = 'production'
const { UPDATE_CHANNEL: url, UPDATE_PUBLIC_KEY: key } = process.env
if ((url === undefined) !== (key === undefined)) throw new Error('UPDATE_CHANNEL and UPDATE_PUBLIC_KEY belong together')
if (given.startsWith('linux')) await checkHomepage(root)

await stage(staged, given)
if (url !== undefined && key !== undefined) {
  const manifest = path.join(staged, 'package.json')
  const content = JSON.parse(await readFile(manifest, 'utf8')) as object
  await writeFile(manifest, `${JSON.stringify({ ...content, updates: { url, key } }, null, 2)}\n`)
}
const made = await build({
  projectDir: root,
  targets: machines[given],
  publish: 'never',
  config: {
    extends: path.join(root, 'electron-builder.yml'),
    // Writes the channel's files, too, and who has signed into the application.
    ...(url !== undefined && { publish: [{ provider: 'generic', url }] }),
  },
})
for (const file of made) process.stdout.write(`${path.relative(process.cwd(), file)}\n`)
