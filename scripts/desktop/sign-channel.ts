/**
 * Signs the channel's files among what electron-builder wrote, so that installed ones believe them, and lays beside each a copy under the
 * version's own name, by which the next one finds its way back: `node scripts/desktop/sign-channel.ts FOLDER`, with the key (PKCS #8 as
 * base64, of `openssl genpkey -algorithm ed25519 -outform DER | base64 -w0`) in UPDATE_SIGNING_KEY.
 */
import { createPrivateKey, createPublicKey, sign } from 'node:crypto'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { isSignedBy } from '../../main/updates/signature.ts'

/** Of which files there are now signatures. Throws where there is nothing to sign. */
export async function signChannel(folder: string, privateKey: string): Promise<string[]> {
  const key = createPrivateKey({ key: Buffer.from(privateKey, 'base64'), format: 'der', type: 'pkcs8' })
  const publicKey = createPublicKey(key).export({ format: 'der', type: 'spki' }).toString('base64')
  const names = (await readdir(folder)).filter(name => /^latest(?:-[\w-]+)?\.yml$/.test(name))
  if (names.length === 0) throw new Error(`${folder} holds no file of a channel (latest*.yml)`)
  const signed: string[] = []
  for (const name of names) {
    const content = await readFile(path.join(folder, name))
    const version = content.toString('utf8').match(/^version: '?([\w.+-]+)'?$/m)?.[1]
    if (!version) throw new Error(`${name} names no version`)
    const signature = sign(null, content, key).toString('base64')
    if (!isSignedBy(publicKey, content, signature)) throw new Error(`${name}: the key is none of Ed25519`)
    const back = name.replace(/^latest/, version)
    await writeFile(path.join(folder, back), content)
    for (const each of [name, back]) {
      await writeFile(path.join(folder, `${each}.sig`), `${signature}\n`)
      signed.push(each)
    }
  }
  return signed
}

if (import.meta.main) {
  const [folder] = process.argv.slice(2)
  const key = process.env.UPDATE_SIGNING_KEY
  if (!folder || !key) throw new Error('UPDATE_SIGNING_KEY=… node scripts/desktop/sign-channel.ts FOLDER')
  for (const name of await signChannel(path.resolve(folder), key)) process.stdout.write(`${name}.sig\n`)
}
