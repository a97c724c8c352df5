/** The promise, as long as the signal lets it: whoever does not listen to the signal is not waited for either. */
export async function within<T>(signal: AbortSignal, promise: Promise<T>): Promise<T> {
  let refuse = () => {}
  const aborted = new Promise<never>((_, reject) => {
    refuse = () => reject(signal.reason)
    if (signal.aborted) refuse()
    else signal.addEventListener('abort', refuse, { once: true })
  })
  try {
    return await Promise.race([promise, aborted])
  } finally {
    signal.removeEventListener('abort', refuse)
  }
}
