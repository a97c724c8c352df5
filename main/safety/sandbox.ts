/**
 * What starts an AppImage switches Chromium's sandbox off where the system makes no namespaces for it (`AppRun`, which electron-builder
 * writes), without a word. A page that reads strangers' documents then has all that its user has: that is refused and not done.
 */
import { createTranslate } from '../../shared/messages/index.ts'
import { desktopLanguage } from '../native/language.ts'

export interface SandboxFacts {
  /** `--no-sandbox` stands on the command line. */
  switchedOff: boolean
  packaged: boolean
  /** By whoever works on it: Chromium gives the superuser none. Never in a release. */
  allowed: boolean
  appImage: boolean
  /** As the system says, the best first. */
  languages: readonly string[]
}

/** What is shown before it ends; undefined where it may start. */
export function refuseUnsandboxed(facts: SandboxFacts): { title: string; text: string } | undefined {
  if (!facts.switchedOff || (facts.allowed && !facts.packaged)) return undefined
  const words = createTranslate(desktopLanguage(null, facts.languages))
  return {
    title: words('desktop.sandbox.off'),
    text: words(facts.appImage ? 'desktop.sandbox.appImage' : 'desktop.sandbox.switch'),
  }
}
