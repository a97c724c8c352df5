/** The two days of `offline-life.ts` under Electron's own program: run by `electron.test.ts` where there is no network. */

import { openApplication } from './electron-app.ts'
import { days, lookAt } from './offline-life.ts'

if (import.meta.main) {
  const [what = '', folder = ''] = process.argv.slice(2)
  const { app, page } = await openApplication(folder)
  // Every call to another process stops for the one that watches.
  page.setDefaultTimeout(120_000)
  await days[what]?.(page, folder)
  process.stdout.write(`${JSON.stringify(await lookAt(page))}\n`)
  await app.close()
}
