import { describe, expect, it } from 'vitest'
import { decideNavigation, decideRequest, decideWindowOpen } from './navigation.ts'

const hostile = [
  'https://evil.example/',
  'http://evil.example/',
  'http://127.0.0.1:8080/',
  'javascript:alert(1)',
  'java\nscript:alert(1)',
  'data:text/html,<h1>a',
  'file:///etc/passwd',
  'blob:app://bundle/0198c1f0-0000-7000-8000-000000000000',
  'about:blank',
  'about:srcdoc',
  'view-source:app://bundle/',
  'chrome://version/',
  'devtools://devtools/bundled/inspector.html',
  'app://other/',
  'app://bundle.evil.example/',
  'app://evil@bundle/',
  'app://bundle:81/',
  'app://bundle/../etc/passwd',
  'app://bundle/%2e%2e/secret',
  'app://bundle/..%2fsecret',
  'app://bundle/index.html/../a',
  'app://bundle/icon.svg',
  'app://bundle/assets/main.js',
  'app://bundle/api/v1/export',
  'app://bundle//evil.example/',
  'apps://bundle/',
  'ms-settings:privacy',
  'smb://evil.example/share',
  '\\\\evil.example\\share',
  '//evil.example/',
  '',
  'a',
]

describe('navigation', () => {
  it.each(['app://bundle/', 'app://bundle/#/library', 'app://bundle/index.html', 'app://bundle/?a=b#/'])(
    'stays on the page: %s',
    url => {
      expect(decideNavigation({ url, isMainFrame: true })).toBe('allow')
      expect(decideNavigation({ url, isMainFrame: false })).toBe('deny')
    },
  )

  it.each(hostile)('goes nowhere else: %s', url => {
    expect(decideNavigation({ url, isMainFrame: true })).toBe('deny')
  })
})

describe('another window', () => {
  it('never opens; only pages and mail are offered to the system', () => {
    for (const url of hostile)
      expect({ url, ...decideWindowOpen(url) }).toEqual({
        url,
        action: 'deny',
        external: url.startsWith('https:') ? url : null,
      })
    expect(decideWindowOpen('app://bundle/')).toEqual({ action: 'deny', external: null })
    expect(decideWindowOpen('mailto:a@example.org')).toEqual({ action: 'deny', external: 'mailto:a@example.org' })
  })
})

describe('whatever is loaded', () => {
  it('comes from the bundle, or has been made in the page', () => {
    for (const url of [
      'app://bundle/assets/a.js',
      'app://bundle/api/v1/x',
      'data:image/png;base64,AA',
      'blob:app://bundle/1',
    ])
      expect({ url, is: decideRequest(url) }).toEqual({ url, is: 'allow' })
    for (const url of [
      'https://redirector.gvt1.com/edgedl/chrome/dict/en-us-10-1.bdic',
      'http://127.0.0.1/',
      'ws://127.0.0.1:9222/',
      'file:///etc/passwd',
      'app://other/a.js',
      'blob:https://evil.example/1',
      'chrome-extension://abc/a.js',
      'devtools://devtools/bundled/a.js',
      'filesystem:app://bundle/a',
    ])
      expect({ url, is: decideRequest(url) }).toEqual({ url, is: 'deny' })
    expect(decideRequest('devtools://devtools/bundled/a.js', { devTools: true })).toBe('allow')
  })
})
