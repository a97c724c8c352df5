/**
 * Names that a transaction locks where its project is not all it touches (see `Engine.lock`): SQLite has one writer, other
 * engines have one for each project. Whoever needs several takes them in this order where it can, and before it changes a
 * synced row, which takes the row of `replica` to the end. Where two wait for each other all the same, the engine ends one,
 * and that one is run again.
 */
export const locks = {
  /** A user's projects: their names. */
  projects: (userId: string) => `projects ${userId}`,
  /** Bytes: that a document refers to them, or that they go. */
  blob: (hash: string) => `blob ${hash}`,
  /** How many documents a user keeps. */
  documents: (userId: string) => `documents ${userId}`,
  /** Which indexes of vectors there are: alone to change that, shared to rely on it. */
  vectorIndexes: 'vector indexes',
  /** This installation's place in the change log, while it has none. */
  replica: 'replica',
  /** Which answers are being given in a chat: each waits for those before it. */
  answers: (chatId: string) => `answers ${chatId}`,
  migration: 'migration',
}
