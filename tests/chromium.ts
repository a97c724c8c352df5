import { existsSync } from 'node:fs'

const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

/** Where a Chromium is installed; `CHROMIUM` names another. */
export const chromiumPath = [process.env.CHROMIUM ?? '', ...places].find(place => place !== '' && existsSync(place))
