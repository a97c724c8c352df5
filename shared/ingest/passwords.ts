/** Passwords of protected documents, for as long as these are being read: in memory only, and never written anywhere. */
export interface Passwords {
  keep(documentId: string, password: string): void
  /** Asking for it shows that it is still needed, and keeps it for another while. */
  of(documentId: string): string | undefined
  forget(documentId: string): void
  forgetAll(): void
}

/** Milliseconds one is kept that nobody asks for: its document may wait behind many others. */
const longestWait = 60 * 60 * 1000

export function createPasswords(wait = longestWait): Passwords {
  const kept = new Map<string, { password: string; timer: ReturnType<typeof setTimeout> }>()

  function forget(documentId: string): void {
    clearTimeout(kept.get(documentId)?.timer)
    kept.delete(documentId)
  }

  function keep(documentId: string, password: string): void {
    forget(documentId)
    const timer = setTimeout(() => kept.delete(documentId), wait)
    timer.unref()
    kept.set(documentId, { password, timer })
  }

  return {
    keep,
    of(documentId) {
      const password = kept.get(documentId)?.password
      if (password !== undefined) keep(documentId, password)
      return password
    },
    forget,
    forgetAll() {
      for (const documentId of [...kept.keys()]) forget(documentId)
    },
  }
}
