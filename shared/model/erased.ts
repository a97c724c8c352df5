/** What was removed of a user, for good. */
export interface Erased {
  projects: number
  /** With those in the trash. */
  documents: number
  /** Of the documents. */
  bytes: number
  passages: number
  assistants: number
  /** The user's own, also in projects of others. */
  chats: number
  messages: number
  /** Parts in projects of others. */
  memberships: number
  providers: number
  settings: number
  ledgerEntries: number
  /** Entries of the audit log, which stay and name the user no more. */
  anonymised: number
}
