/** The mails that the product sends by itself. Their texts stand in `shared/messages` under `mail`. */

export type MailLanguage = 'de' | 'en'

/** How many of each open an account, or did; `sessions` with the browsers that are not asked for a code. */
export interface WaysIn {
  passwords: number
  sessions: number
  keys: number
  passkeys: number
  gitHub: number
  secondFactors: number
}

/** What each kind of mail is filled with. Links work once, and are secrets. */
export interface MailValues {
  /** To prove an address that somebody registered with. */
  verify: { link: string; hours: number }
  /** To set a new password. */
  reset: { link: string; minutes: number }
  /** To log in without a password. */
  'magic-link': { link: string; minutes: number }
  /** `inviter`: the name of who invites. */
  invitation: { link: string; inviter: string; days: number }
  /** `inviter`: the address of whose project it is. */
  'project-invitation': { link: string; inviter: string }
  /** Somebody registered with an address that has an account: nobody else is told that it has one. */
  'known-address': { link: string }
  /** `left`: what opens the account besides the new password. */
  'password-changed': { link: string; ended: WaysIn; left: WaysIn }
  /** An address was proven that somebody else may have registered before: what they had set up has ended. */
  'address-proven': { link: string; ended: WaysIn }
  'new-passkey': { name: string; link: string }
  'new-key': { name: string; link: string }
  'new-github': { link: string }
  /** The second factor was turned on. */
  'new-totp': { link: string }
  /** It was turned off. */
  'ended-totp': { link: string }
}

export type MailKind = keyof MailValues

/** One mail, to be written in a language and sent by a job. */
export type MailRequest = {
  [Kind in MailKind]: { kind: Kind; to: string; language: MailLanguage; values: MailValues[Kind] }
}[MailKind]
