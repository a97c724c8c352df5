/**
 * Runs programs where there is no network: in a namespace of their own, whose only interface is down. What they try all the
 * same is seen from outside of them, in every process and thread that they start: by the system's counters, and, where
 * `strace` is installed, by the calls themselves.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { root } from '../run-cli.ts'

const namespace = ['--map-root-user', '--net']
export const possible = spawnSync('unshare', [...namespace, 'true']).status === 0
export const why = possible ? '' : ' (skipped: this machine lets nobody make a network namespace)'
if (!possible && process.env.CI === 'true') throw new Error('CI cannot make a network namespace')

const traced = ['-f', '-qq', '--seccomp-bpf', '-e', 'trace=connect,sendto,sendmsg,sendmmsg', '-e', 'signal=none']
const canTrace = spawnSync('strace', [...traced, '-o', '/dev/null', 'true']).status === 0
export const withoutTrace = canTrace ? '' : ' (calls are not traced: there is no strace here)'

export interface Isolated {
  child: ChildProcess
  finished: Promise<{ code: number | null; stdout: string; stderr: string }>
  /** What tried to reach another machine; after the end. */
  attempts(): Promise<string[]>
}

/** `args`: of Node. What is watched goes into files that begin with `watch`. */
export function startWithoutNetwork(args: readonly string[], watch: string, env: NodeJS.ProcessEnv): Isolated {
  const [trace, counters, hook] = ['trace', 'counters', 'hook'].map(name => `${watch}.${name}`) as [
    string,
    string,
    string,
  ]
  // The counters are the namespace's: whoever asks must be in there, after everybody else.
  const script = `"$@"; code=$?; cat /proc/net/snmp /proc/net/snmp6 > '${counters}'; exit $code`
  const node = [process.execPath, '--import', './tests/http/watch-network.mjs', ...args]
  const program = canTrace ? ['strace', ...traced, '-o', trace, ...node] : node
  const child = spawn('unshare', [...namespace, 'sh', '-c', script, 'sh', ...program], {
    cwd: root,
    env: { ...env, PATH: process.env.PATH, NETWORK_WATCH: hook },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const finished = new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', code => resolve({ code, stdout, stderr }))
  })
  return {
    child,
    finished,
    async attempts() {
      await finished
      const noted = (await readFile(hook, 'utf8')).trim().split('\n')
      if (!noted.includes('watching')) throw new Error('nobody watched')
      return [
        ...noted.filter(line => line !== 'watching'),
        ...countersOf(await readFile(counters, 'utf8')),
        ...(canTrace ? callsOf(await readFile(trace, 'utf8')) : []),
      ]
    },
  }
}

/** Packets that left or had nowhere to go, and connections that were begun. */
const telling = /^(?:Ip|Ip6)(?:OutRequests|OutNoRoutes)$|^Tcp(?:ActiveOpens|OutSegs)$|^Udp6?(?:OutDatagrams)$/

function countersOf(text: string): string[] {
  const found: string[] = []
  const lines = text.split('\n')
  for (const [at, line] of lines.entries()) {
    const [protocol, values] = /^(\w+): (-?\d.*)$/.exec(line)?.slice(1) ?? []
    const names = lines[at - 1]?.split(' ').slice(1) ?? []
    if (protocol && values) {
      for (const [index, value] of values.split(' ').entries()) found.push(`${protocol}${names[index]} ${value}`)
    } else found.push(line.trim().replace(/\s+/g, ' '))
  }
  return found.filter(line => {
    const [name = '', value] = line.split(' ')
    return telling.test(name) && Number(value) > 0
  })
}

/** Calls with an address of IPv4 or IPv6; sockets of this machine and questions to the kernel have others. */
function callsOf(text: string): string[] {
  return text.split('\n').filter(line => /sa_family=AF_INET6?\b/.test(line))
}
