/** Electron's own lock, for machines whose keychain our module does not reach. */

/** What is used of Electron's `safeStorage`. */
export interface SafeStorage {
  isAvailable(): Promise<boolean>
  /** Of Linux; elsewhere the system's own. */
  backend(): string
  encrypt(text: string): Promise<Uint8Array>
  decrypt(sealed: Uint8Array): Promise<string>
}

/** With these the key to everything stands in the program's text: that is no lock. */
const open = ['basic_text', 'unknown', '']

/** Whether what it seals is protected; never throws. */
export async function protects(storage: SafeStorage): Promise<boolean> {
  try {
    return (await storage.isAvailable()) && !open.includes(storage.backend())
  } catch {
    return false
  }
}
