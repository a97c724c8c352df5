/** What nobody can try without Electron's program: that `main/` makes its windows as `main/safety/` says, held against its sources. */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { build } from 'vite'
import { describe, expect, it } from 'vitest'
import { parseAst } from 'vitest/node'
import { schemePrivileges, webPreferences } from '../../main/safety/web-preferences.ts'
import { buildScreen, builtScreen } from '../../scripts/build-screen.ts'
import { root } from '../run-cli.ts'
import { readSources } from '../sources.ts'

interface Node {
  type: string
  [field: string]: unknown
}

/** What is wrong with a file of the main process, a line for each. */
function findFaults(text: string): string[] {
  const nodes = [...nodesOf(parseAst(text, { lang: 'ts' }))]
  const faults: string[] = []
  for (const node of nodes) {
    const { type } = node
    if (type === 'NewExpression' && windows.includes(nameOf(node.callee))) faults.push(...faultsOfWindow(node))
    if (type === 'Property' && settings.has(nameOf(node.key))) faults.push(`sets ${nameOf(node.key)} by itself`)
    if (type === 'CallExpression' && forbidden.has(calledName(node))) faults.push(`calls ${calledName(node)}`)
  }
  const count = (name: string) =>
    nodes.filter(node => node.type === 'CallExpression' && calledName(node) === name).length
  // One channel: who comes over it, and with what, is judged in one place.
  if (count('handle') > 2) faults.push('handles more than the scheme and the bridge')
  return faults
}

const windows = ['BrowserWindow', 'BaseWindow', 'BrowserView', 'WebContentsView']
const settings = new Set([
  ...Object.keys(webPreferences),
  'enableBlinkFeatures',
  'session',
  'partition',
  'additionalArguments',
  'bypassCSP',
])
const forbidden = new Set([
  'executeJavaScript',
  'executeJavaScriptInIsolatedWorld',
  'insertCSS',
  'loadFile',
  'openDevTools',
  'registerFileProtocol',
  'interceptHttpProtocol',
  'setCertificateVerifyProc',
  'setPermissionRequestHandler',
  'setPermissionCheckHandler',
  'setDevicePermissionHandler',
  'setDisplayMediaRequestHandler',
  'setWindowOpenHandler',
  'onBeforeRequest',
  'loadExtension',
])

/** Of one argument: an object, whose `webPreferences` are those of `preferencesOf`, given a preload and whether it is a release. */
function faultsOfWindow(node: Node): string[] {
  const [options, ...more] = node.arguments as Node[]
  if (nameOf(node.callee) !== 'BrowserWindow') return [`makes a ${nameOf(node.callee)}`]
  if (options?.type !== 'ObjectExpression' || more.length > 0)
    return ['makes a window of what only running it would tell']
  const properties = options.properties as Node[]
  const at = properties.findIndex(property => nameOf(property.key) === 'webPreferences')
  const call = properties[at]?.value as Node | undefined
  if (call?.type !== 'CallExpression' || nameOf(call.callee) !== 'preferencesOf')
    return ['makes a window without preferencesOf']
  const given = (call.arguments as Node[])[0]?.properties as Node[] | undefined
  const names = given?.map(property => nameOf(property.key)).toSorted()
  if (names?.join() !== 'preload,release') return [`hands ${names?.join() ?? 'nothing'} to preferencesOf`]
  // What is spread behind it might set others.
  return properties.slice(at).some(({ type }) => type === 'SpreadElement')
    ? ['spreads something over webPreferences']
    : []
}

describe('the sources of the main process', () => {
  it('make windows with what is said in one place, and guard them', async () => {
    const files = [...(await readSources())].filter(([file]) => file.startsWith('main/') && !file.endsWith('.test.ts'))
    const index = new Map(files).get('main/index.ts') ?? ''
    for (const [file, text] of files)
      if (!file.startsWith('main/safety/')) expect({ file, faults: findFaults(text) }).toEqual({ file, faults: [] })
    expect(index).toMatch(/guardSession\(session\.defaultSession,/)
    expect(index).toMatch(/app\.on\('web-contents-created', \(\w+, (\w+)\) => guardContents\(\1,/)
    expect(index).toMatch(/registerSchemesAsPrivileged\(\[\{ scheme: 'app', privileges: schemePrivileges \}\]\)/)
    expect(index).toMatch(/of chromiumSwitches\) app\.commandLine\.appendSwitch\(/)
    expect(index).toMatch(/app\.enableSandbox\(\)/)
    expect(index.match(/ipcMain\.\w+\(/g)).toEqual(['ipcMain.handle('])
    expect(index.match(/new BrowserWindow\(/g)).toHaveLength(1)
  })

  it.each([
    [`new BrowserWindow({ webPreferences: { sandbox: false } })`, 'makes a window without preferencesOf'],
    [`new BrowserWindow({})`, 'makes a window without preferencesOf'],
    [`new BrowserWindow(options)`, 'makes a window of what only running it would tell'],
    [
      `new BrowserWindow({ webPreferences: preferencesOf({ preload, release, nodeIntegration: true }) })`,
      'hands nodeIntegration,preload,release to preferencesOf',
    ],
    [
      `new BrowserWindow({ webPreferences: preferencesOf({ preload, release }), ...more })`,
      'spreads something over webPreferences',
    ],
    [`new WebContentsView({})`, 'makes a WebContentsView'],
    [`const a = { contextIsolation: false }`, 'sets contextIsolation by itself'],
    [`protocol.register([{ privileges: { 'bypassCSP': true } }])`, 'sets bypassCSP by itself'],
    [`window.webContents.executeJavaScript('1')`, 'calls executeJavaScript'],
    [`session.setPermissionRequestHandler(() => true)`, 'calls setPermissionRequestHandler'],
    [`contents['openDevTools']()`, 'calls openDevTools'],
    [`a.handle(1); b.handle(2); c.handle(3)`, 'handles more than the scheme and the bridge'],
  ])('would not pass with %s', (text, fault) => {
    expect(findFaults(text)).toContain(fault)
  })

  it('leave nothing open that a page could use', () => {
    expect(webPreferences).toMatchObject({
      sandbox: true,
      contextIsolation: true,
      webSecurity: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webviewTag: false,
      allowRunningInsecureContent: false,
      experimentalFeatures: false,
      navigateOnDragDrop: false,
    })
    expect(schemePrivileges).toMatchObject({ bypassCSP: false, allowServiceWorkers: false, corsEnabled: false })
  })

  it('have a preload of one file, which needs nothing but Electron', async () => {
    const built = await build({
      configFile: false,
      logLevel: 'warn',
      ssr: { noExternal: true, external: ['electron'], target: 'node' },
      build: {
        ssr: true,
        write: false,
        minify: false,
        rolldownOptions: {
          input: path.join(root, 'main/preload.ts'),
          output: { format: 'cjs', codeSplitting: false },
        },
      },
    })
    const chunks = [built].flat().flatMap(one => ('output' in one ? one.output : []))
    expect(chunks).toHaveLength(1)
    const [chunk] = chunks
    if (chunk?.type !== 'chunk') throw new Error('no code was built')
    expect(chunk.imports).toEqual(['electron'])
    const ours = chunk.moduleIds.filter(id => !id.startsWith('\0')).map(id => path.relative(root, id))
    expect(ours.toSorted()).toEqual(['main/bridge/channels.ts', 'main/bridge/page.ts', 'main/preload.ts'])
    // Of what came, the page hears nothing: the event would give it a way to send whatever it likes.
    expect(chunk.code).toMatch(/ipcRenderer\.on\([^,]+, \(_event, message\) => hear\(message\)\)/)
    expect(chunk.code.match(/exposeInMainWorld/g)).toHaveLength(1)
  })
})

describe('the built page', () => {
  it('has no script, style or handler in it that has not its nonce or its own file', async () => {
    expect(await buildScreen()).toBe(0)
    const html = await readFile(path.join(builtScreen, 'index.html'), 'utf8')
    const tags = html.match(/<(?:script|style|link)\b[^>]*>/g) ?? []
    expect(tags.length).toBeGreaterThan(2)
    for (const tag of tags) expect(tag).toMatch(/ nonce="__NONCE__"| rel="icon"/)
    for (const [, inside] of html.matchAll(/<script\b[^>]*>([^<]*)</g)) expect(inside?.trim()).toBe('')
    expect(html).not.toMatch(/\son\w+\s*=|\sstyle\s*=|javascript:|https?:/i)
  })
})

function* nodesOf(value: unknown): Generator<Node> {
  if (Array.isArray(value)) for (const item of value) yield* nodesOf(item)
  else if (value !== null && typeof value === 'object') {
    if ('type' in value) yield value as Node
    for (const inner of Object.values(value)) yield* nodesOf(inner)
  }
}

function nameOf(value: unknown): string {
  const node = value as Node | null | undefined
  if (node?.type === 'Identifier') return String(node.name)
  return node?.type === 'Literal' && typeof node.value === 'string' ? node.value : ''
}

/** Of `a.b()`, `a['b']()` and `b()`. */
function calledName(node: Node): string {
  const callee = node.callee as Node
  return nameOf(callee.type === 'MemberExpression' ? callee.property : callee)
}
