import type { Page } from 'playwright-core'

/** Lets a file fall on the page, as a hand would. */
export async function drop(page: Page, name: string, bytes: Uint8Array): Promise<void> {
  await page.evaluate(
    ([name, base64]) => {
      const bytes = Uint8Array.from(atob(base64 ?? ''), character => character.charCodeAt(0))
      const dataTransfer = new DataTransfer()
      dataTransfer.items.add(new File([bytes], name ?? ''))
      const main = document.querySelector('main')
      for (const type of ['dragenter', 'dragover', 'drop'])
        main?.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }))
    },
    [name, Buffer.from(bytes).toString('base64')],
  )
}
