/**
 * Passwords of protected documents, for as long as these are being read: in memory only, and never written anywhere. Where
 * several processes share the work, the one that reads a document asks the others for its password, and whoever has it
 * answers with what the asking process alone can open: events may lie in files and logs of the database.
 */
import {
  createCipheriv,
  createDecipheriv,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto'
import type { AppEvent, Events } from '../ports.ts'

export interface Passwords {
  keep(documentId: string, password: string): void
  /** Asking for it shows that it is still needed, and keeps it for another while. */
  of(documentId: string): string | undefined
  /** The same, also from another process; undefined when none answers. */
  obtain(documentId: string, signal?: AbortSignal): Promise<string | undefined>
  /** Everywhere. */
  forget(documentId: string): void
  /** All that are kept here, and answers no more. */
  close(): void
}

/** Milliseconds one is kept that nobody asks for: its document may wait behind many others. */
const longestWait = 60 * 60 * 1000
/** Milliseconds until others are asked again, and how often: their connection may be lost for a moment. */
const answerTime = 1000
const asked = 4

export function createPasswords({ events, wait = longestWait }: { events?: Events; wait?: number } = {}): Passwords {
  const kept = new Map<string, { password: string; timer: ReturnType<typeof setTimeout> }>()
  const closing = new AbortController()

  function drop(documentId: string): boolean {
    clearTimeout(kept.get(documentId)?.timer)
    return kept.delete(documentId)
  }

  function keep(documentId: string, password: string): void {
    drop(documentId)
    const timer = setTimeout(() => kept.delete(documentId), wait)
    timer.unref()
    kept.set(documentId, { password, timer })
  }

  function of(documentId: string): string | undefined {
    const password = kept.get(documentId)?.password
    if (password !== undefined) keep(documentId, password)
    return password
  }

  function hear(event: AppEvent): void {
    if (event.type !== 'password') return
    const { documentId, state, to } = event
    if (state === 'done') drop(documentId)
    const password = state === 'wanted' ? of(documentId) : undefined
    if (password === undefined) return
    try {
      events?.publish({ type: 'password', documentId, state: 'given', to, sealed: seal(password, documentId, to) })
    } catch {
      // Not a key: nobody of ours has asked.
    }
  }

  async function listen(): Promise<void> {
    for await (const event of events?.subscribe(closing.signal) ?? []) hear(event)
  }
  void listen()

  async function ask(documentId: string, signal: AbortSignal): Promise<string | undefined> {
    if (!events) return undefined
    const { publicKey, privateKey } = generateKeyPairSync('x25519')
    const to = textOf(publicKey)
    const over = AbortSignal.any([signal, closing.signal, AbortSignal.timeout(asked * answerTime)])
    const answers = events.subscribe(over)
    const say = () => events.publish({ type: 'password', documentId, state: 'wanted', to, sealed: '' })
    say()
    const again = setInterval(say, answerTime)
    try {
      for await (const event of answers) {
        if (event.type !== 'password' || event.state !== 'given' || event.to !== to) continue
        const password = open(event.sealed, documentId, to, privateKey)
        if (password !== undefined) return password
      }
      return undefined
    } finally {
      clearInterval(again)
    }
  }

  return {
    keep,
    of,
    async obtain(documentId, signal = closing.signal) {
      const password = of(documentId) ?? (await ask(documentId, signal))
      if (password !== undefined) keep(documentId, password)
      return password
    },
    forget(documentId) {
      if (drop(documentId)) events?.publish({ type: 'password', documentId, state: 'done', to: '', sealed: '' })
    },
    close() {
      closing.abort()
      for (const documentId of [...kept.keys()]) drop(documentId)
    },
  }
}

const ivLength = 12
const tagLength = 16
const cipher = 'aes-256-gcm'

/** A sealed box: X25519 with a key pair of this message alone, HKDF-SHA256, AES-256-GCM; parts in base64url. */
function seal(password: string, documentId: string, to: string): string {
  const own = generateKeyPairSync('x25519')
  const from = textOf(own.publicKey)
  const iv = randomBytes(ivLength)
  const key = keyOf(own.privateKey, keyFrom(to), `${from} ${to}`)
  const sealing = createCipheriv(cipher, key, iv).setAAD(Buffer.from(documentId))
  const text = Buffer.concat([sealing.update(password, 'utf8'), sealing.final()])
  return `${from}.${Buffer.concat([iv, sealing.getAuthTag(), text]).toString('base64url')}`
}

/** Undefined for what was not sealed for this key. */
function open(sealed: string, documentId: string, to: string, privateKey: KeyObject): string | undefined {
  try {
    const [from = '', rest = ''] = sealed.split('.')
    const bytes = Buffer.from(rest, 'base64url')
    const key = keyOf(privateKey, keyFrom(from), `${from} ${to}`)
    const opening = createDecipheriv(cipher, key, bytes.subarray(0, ivLength), { authTagLength: tagLength })
      .setAAD(Buffer.from(documentId))
      .setAuthTag(bytes.subarray(ivLength, ivLength + tagLength))
    return Buffer.concat([opening.update(bytes.subarray(ivLength + tagLength)), opening.final()]).toString('utf8')
  } catch {
    return undefined
  }
}

function keyOf(privateKey: KeyObject, publicKey: KeyObject, salt: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', diffieHellman({ privateKey, publicKey }), salt, 'cloister password', 32))
}

const textOf = (key: KeyObject) => key.export({ type: 'spki', format: 'der' }).toString('base64url')
const keyFrom = (text: string) => createPublicKey({ key: Buffer.from(text, 'base64url'), format: 'der', type: 'spki' })
