import type { DesktopBridge } from '../../shared/api/desktop.ts'

const mark = 'data-print'

/** Prints this part of the page and nothing beside it (`styles.css`). Resolves when it was printed, or not. */
export async function printAnswer(part: Element, bridge: DesktopBridge | undefined): Promise<void> {
  for (const before of document.querySelectorAll(`[${mark}]`)) before.removeAttribute(mark)
  part.setAttribute(mark, '')
  try {
    await (bridge ? bridge.print() : printInBrowser())
  } finally {
    part.removeAttribute(mark)
  }
}

/** Some browsers return while their dialog is still open: the page has to stay as it is until then. */
function printInBrowser(): Promise<void> {
  return new Promise(resolve => {
    const over = new AbortController()
    // A hand on the page says the same to a browser that does not tell.
    for (const event of ['afterprint', 'pointerdown', 'keydown'])
      window.addEventListener(
        event,
        () => {
          over.abort()
          resolve()
        },
        { signal: over.signal },
      )
    window.print()
  })
}
