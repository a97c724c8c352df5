/**
 * The system's keychain: Keychain on macOS, Credential Manager on Windows, the Secret Service on Linux. Its module is loaded with the first
 * use: on most servers nobody ever asks for it.
 *
 * Not the module's keytar-compatible entry: on Linux without a Secret Service that one takes the kernel's keyring without a word, which
 * forgets everything when the machine is switched off.
 */
import type { LinuxStore } from '@napi-rs/keyring'

export interface Keychain {
  /** Null where there is no such entry. Throws where there is no keychain, or it stays locked. */
  get(account: string): Promise<string | null>
  set(account: string, secret: string): Promise<void>
  /** False where there was none. */
  remove(account: string): Promise<boolean>
}

/** `store`: which one of Linux; others have one. */
export function createKeychain({
  service = 'Cloister',
  store = 'secret-service',
}: {
  service?: string
  store?: LinuxStore
} = {}): Keychain {
  const entry = async (account: string) => {
    const { AsyncEntry } = await import('@napi-rs/keyring')
    return new AsyncEntry(service, account, { linux: { store } })
  }
  return {
    get: async account => (await entry(account)).getPassword(),
    set: async (account, secret) => (await entry(account)).setPassword(secret),
    remove: async account => (await entry(account)).deletePassword(),
  }
}
