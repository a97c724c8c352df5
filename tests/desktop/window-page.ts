/**
 * What stands in the desktop's window before the page: the preload's bridge, over what the test hands in, and Electron's hooks, whose answers
 * are needed at once. Bundled by `window.ts`.
 */
import { createPageBridge } from '../../main/bridge/page.ts'
import { pageOrigin } from '../../main/page/origin.ts'
import { decideNavigation } from '../../main/safety/navigation.ts'
import type { DesktopCall } from '../../shared/api/desktop.ts'

declare global {
  interface Window {
    /** Of the test. */
    cloisterCall(call: { name: DesktopCall; input: unknown }): Promise<unknown>
    cloisterHear(message: unknown): void
    cloisterRefused(what: string): Promise<void>
    cloisterOpen(url: string): Promise<void>
  }
}

let hear: (message: unknown) => void = () => {}
const bridge = createPageBridge({
  invoke: call => window.cloisterCall(call),
  receive(told) {
    hear = told
  },
})
Object.defineProperty(window, 'cloister', { value: bridge })
window.cloisterHear = message => hear(message)

const inApp = (url: string) => url.replace(location.origin, pageOrigin)

window.navigation.addEventListener('navigate', event => {
  const { destination, downloadRequest } = event
  // As in Electron: of neither `will-navigate` is told.
  if (destination.sameDocument || downloadRequest !== null) return
  if (decideNavigation({ url: inApp(destination.url), isMainFrame: window === window.top }) === 'allow') return
  event.preventDefault()
  void window.cloisterRefused('navigation')
})

window.open = url => {
  void window.cloisterOpen(inApp(new URL(url ?? 'about:blank', location.href).href))
  return null
}
document.addEventListener('click', event => {
  const link = event.target instanceof Element ? event.target.closest('a[target]') : null
  if (!(link instanceof HTMLAnchorElement) || event.defaultPrevented) return
  event.preventDefault()
  void window.cloisterOpen(inApp(link.href))
})

document.addEventListener('securitypolicyviolation', ({ effectiveDirective }) => {
  void window.cloisterRefused(`policy ${effectiveDirective}`)
})
