/** Where the project is at home: a package of Debian says so, and electron-builder asks for it only when all else is done. */
import { readFile } from 'node:fs/promises'
import path from 'node:path'

/** Throws where neither the manifest nor the checkout in `folder` says it in a way that electron-builder reads. */
export async function checkHomepage(folder: string): Promise<void> {
  const { homepage } = JSON.parse(await readFile(path.join(folder, 'package.json'), 'utf8')) as { homepage?: string }
  const git = await readFile(path.join(folder, '.git/config'), 'utf8').catch(() => '')
  const [, origin = ''] = /^\[remote "origin"\]\s+url = (.+)$/m.exec(git) ?? []
  if (homepage || /github\.com[/:]/.test(origin)) return
  throw new Error(
    'a .deb names the address of its project: set "homepage" in package.json, or work in a clone whose origin is on GitHub',
  )
}
