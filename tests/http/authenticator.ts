/** A device with passkeys, as far as a server sees one: makes key pairs and signs (WebAuthn Level 3; attestation `none`). */
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'

type Json = Record<string, unknown>

export interface Authenticator {
  /** Whether it looks at who holds it: a PIN, a finger. */
  verifies: boolean
  /** Answers what `navigator.credentials.create` is given. */
  create(options: Json): Json
  /** Answers what `navigator.credentials.get` is given, with the key that was made last. */
  get(options: Json): Json
}

const base64url = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64url')
const sha256 = (bytes: Uint8Array | string) => createHash('sha256').update(bytes).digest()

export function createAuthenticator(origin: string): Authenticator {
  const id = randomBytes(16)
  let key: KeyObject | undefined
  let count = 0
  const client = (type: string, challenge: unknown) => Buffer.from(JSON.stringify({ type, challenge, origin }))
  const data = (rpId: string, verifies: boolean, made?: Uint8Array) => {
    const counter = Buffer.alloc(4)
    counter.writeUInt32BE(++count)
    const flags = 1 | (verifies ? 4 : 0) | (made ? 64 : 0)
    return Buffer.concat([sha256(rpId), Buffer.from([flags]), counter, ...(made ? [made] : [])])
  }

  return {
    verifies: true,
    create({ challenge, rp }) {
      const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
      key = pair.privateKey
      const { x, y } = pair.publicKey.export({ format: 'jwk' })
      const point = (text: string | undefined) => Buffer.from(text ?? '', 'base64url')
      // COSE: EC2 (2), ES256 (-7), P-256 (1).
      const cose = map([1, 2], [3, -7], [-1, 1], [-2, point(x)], [-3, point(y)])
      const length = Buffer.from([0, id.length])
      const authData = data(
        (rp as { id: string }).id,
        this.verifies,
        Buffer.concat([Buffer.alloc(16), length, id, cose]),
      )
      const attestationObject = map(['fmt', 'none'], ['attStmt', map()], ['authData', authData])
      const clientDataJSON = client('webauthn.create', challenge)
      return credential({ clientDataJSON, attestationObject })
    },
    get({ challenge, rpId }) {
      if (!key) throw new Error('there is no key yet')
      const authenticatorData = data(String(rpId), this.verifies)
      const clientDataJSON = client('webauthn.get', challenge)
      const signature = sign('sha256', Buffer.concat([authenticatorData, sha256(clientDataJSON)]), key)
      return credential({ clientDataJSON, authenticatorData, signature })
    },
  }

  function credential(response: Record<string, Uint8Array>): Json {
    const shown = Object.fromEntries(Object.entries(response).map(([name, bytes]) => [name, base64url(bytes)]))
    const plain = { type: 'public-key', clientExtensionResults: {} }
    return { id: base64url(id), rawId: base64url(id), response: { ...shown, transports: ['internal'] }, ...plain }
  }
}

/** CBOR (RFC 8949), what of it is needed. A map is marked, so that it is not taken for bytes. */
class Encoded extends Uint8Array {}
type Cbor = number | string | Uint8Array | Encoded

const head = (kind: number, count: number) =>
  count < 24
    ? Buffer.from([(kind << 5) | count])
    : count < 256
      ? Buffer.from([(kind << 5) | 24, count])
      : Buffer.from([(kind << 5) | 25, count >> 8, count & 255])

function encode(value: Cbor): Uint8Array {
  if (value instanceof Encoded) return value
  if (typeof value === 'number') return value >= 0 ? head(0, value) : head(1, -1 - value)
  const bytes = typeof value === 'string' ? Buffer.from(value) : value
  return Buffer.concat([head(typeof value === 'string' ? 3 : 2, bytes.length), bytes])
}

const map = (...pairs: (readonly [Cbor, Cbor])[]): Encoded =>
  Encoded.from(Buffer.concat([head(5, pairs.length), ...pairs.flat().map(encode)])) as Encoded
