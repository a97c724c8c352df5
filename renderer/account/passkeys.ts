/** Passkeys, as browsers have them: options and answers travel as JSON, and the browser turns them into bytes and back. */
import { AppError } from '../../shared/errors.ts'

type Json = Record<string, unknown>

/** Not for an address in numbers: passkeys are made for names. */
export function passkeysWork({ hostname } = location): boolean {
  const known = typeof PublicKeyCredential === 'function' && 'parseRequestOptionsFromJSON' in PublicKeyCredential
  return known && isSecureContext && !/^[\d.]+$|:/.test(hostname)
}

/** Throws `passkey-failed`, also where its owner thought better of it. */
export async function makePasskey(options: Json): Promise<Json> {
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(
    options as unknown as PublicKeyCredentialCreationOptionsJSON,
  )
  return answered(navigator.credentials.create({ publicKey }))
}

/** Throws `passkey-failed`. */
export async function askPasskey(options: Json): Promise<Json> {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(
    options as unknown as PublicKeyCredentialRequestOptionsJSON,
  )
  return answered(navigator.credentials.get({ publicKey }))
}

async function answered(asked: Promise<Credential | null>): Promise<Json> {
  try {
    const credential = await asked
    if (credential instanceof PublicKeyCredential) return { ...credential.toJSON() }
  } catch (error) {
    throw new AppError('passkey-failed', {}, { cause: error })
  }
  throw new AppError('passkey-failed')
}
