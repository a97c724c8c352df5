/**
 * Entries of the keychain that were begun. The name of each stands in the data directory before it is made, and goes from there when it is
 * where the key is kept, or gone: so none stays behind that nobody knows of, where a keychain answers too late, gives nothing back, cannot
 * remove anything now, or where the process is ended in between.
 */
import { randomUUID } from 'node:crypto'
import { readdir, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Keychain } from '../../shared/secrets/keychain.ts'

interface Ports {
  dataDirectory: string
  keychain: Keychain
}

const accountOf = (id: string) => `library ${id}`
const fileOf = (dataDirectory: string, id: string) => path.join(dataDirectory, `secrets.${id}.tried`)

/**
 * Gives what `keep` makes of a new entry with the secret. Rejects where there is no such entry; then it goes as soon as it can. No other one
 * is begun while an earlier one cannot be taken away: the keychain does not work. `inTime`: waits for no longer than there is time.
 */
export async function tryEntry<T>(
  { dataDirectory, keychain }: Ports,
  secret: string,
  {
    kept,
    keep,
    inTime,
  }: { kept: string | undefined; keep(account: string): Promise<T>; inTime<R>(work: Promise<R>): Promise<R> },
): Promise<T> {
  await inTime(takeBackTries({ dataDirectory, keychain }, kept))
  const id = randomUUID()
  const account = accountOf(id)
  const file = fileOf(dataDirectory, id)
  // It outlives the process; nobody waits for the disk at each start without a keychain.
  await writeFile(file, '', { flag: 'wx', mode: 0o600 })
  const setting = keychain.set(account, secret)

  /** Its owner may allow it after nobody waits any more. */
  async function takeBack(): Promise<void> {
    const refused = await setting.then(
      () => false,
      () => true,
    )
    await keychain.remove(account).catch(error => {
      if (!refused) throw error
    })
    await rm(file, { force: true })
  }

  let made: T
  try {
    await inTime(setting)
    made = await keep(account)
  } catch (error) {
    await inTime(takeBack()).catch(() => {})
    throw error
  }
  // Else the next start does it.
  await rm(file, { force: true }).catch(() => {})
  return made
}

/** What was left of those before. `kept`: where the key is. Rejects where something is left yet. */
export async function takeBackTries({ dataDirectory, keychain }: Ports, kept: string | undefined): Promise<void> {
  for (const name of await readdir(dataDirectory)) {
    const [, id] = /^secrets\.([\da-f-]{36})\.tried$/.exec(name) ?? []
    if (id === undefined) continue
    if (accountOf(id) !== kept) await keychain.remove(accountOf(id))
    await rm(fileOf(dataDirectory, id), { force: true })
  }
}
