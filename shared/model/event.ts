/** Something changed: a hint to look again, never the fact itself. */
export type AppEvent =
  | { type: 'document'; projectId: string; documentId: string }
  /** It has a new message, or one is on its way, or it was renamed or deleted. */
  | { type: 'chat'; userId: string; projectId: string; chatId: string }
  | { type: 'assistants'; projectId: string }
  | { type: 'projects'; userId: string }
  /** That it follows: one more or less, or how far they are. */
  | { type: 'folders'; projectId: string }
  /** Who has a part in it. */
  | { type: 'members'; projectId: string }
  /** Something of it is gone for good: what is remembered of it must not outlive that. */
  | { type: 'purged'; projectId: string }
  /** Whether, and as what, somebody is let in: sessions, keys, role, block. */
  | { type: 'access'; userId: string }
  | { type: 'settings'; userId: string }
  /** Which models a server of theirs has was said later than anybody waited for it. */
  | { type: 'models'; userId: string }
  /** Of a model: how far it is, or that it has ended one way or the other. */
  | { type: 'download'; name: string }
  /** Between processes: of an answer that is being given there is more to read; or somebody wishes that it ends. See `answer/answers.ts`. */
  | { type: 'answer'; answerId: string; about: 'more' | 'stop' }
  /** Between processes: see `ingest/passwords.ts`. `to` is a public key, `sealed` a password that it alone opens. */
  | { type: 'password'; documentId: string; state: 'wanted' | 'given' | 'done'; to: string; sealed: string }
  /** Hints were lost: everything may have changed. */
  | { type: 'missed' }
