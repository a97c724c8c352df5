import { setTimeout as pause } from 'node:timers/promises'

/** Waits for the condition. Its deadline is for what never comes: a busy machine takes a good while for anything. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what = 'it came to pass',
  time = 45_000,
): Promise<void> {
  const deadline = Date.now() + time
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`not within ${time} ms: ${what}`)
    await pause(10)
  }
}
