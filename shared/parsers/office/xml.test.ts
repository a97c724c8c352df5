import { expect, test } from 'vitest'
import { createTrouble } from '../trouble.ts'
import { childrenOf, elementsOf, parseXml, rawText, type XmlEvents } from './xml.ts'

async function* pieces(text: string | Uint8Array, size = 7) {
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function told(text: string | Uint8Array, size?: number) {
  const lines: string[] = []
  const handler: XmlEvents = {
    onopentag: (name, attributes) => lines.push(`<${name} ${JSON.stringify(attributes)}`),
    ontext: data => lines.push(data),
    onclosetag: name => lines.push(`/${name}`),
  }
  for await (const _ of parseXml(pieces(text, size), handler));
  return lines.join('')
}

test('names and attributes come as they stand in the file, however it is cut', async () => {
  const text = '<?xml version="1.0"?><a:b x:y="1 &amp; 2" z=\'&#228;\'><!-- <no> -->ä &lt;<![CDATA[<&]]><c/></a:b>'
  const whole = '<a:b {"x:y":"1 & 2","z":"ä"}ä <<&<c {}/c/a:b'
  for (const size of [1, 3, 1000]) expect(await told(text, size)).toBe(whole)
})

test('a file may be in any encoding it names', async () => {
  const latin = Buffer.from('<?xml version="1.0" encoding="ISO-8859-15"?><a>\xa4 \xfc</a>', 'latin1')
  expect(await told(latin, 1000)).toBe('<a {}€ ü/a')
  expect(await told(Buffer.from('\ufeff<a>ü</a>', 'utf16le'), 1000)).toBe('<a {}ü/a')
})

test.each(['<!--', '<![CDATA[', '<!A [>'])('what never ends is passed over once: %s', async begin => {
  const before = process.threadCpuUsage()
  const text = `<a>${begin.repeat(Math.ceil((5 * 1024 ** 2) / begin.length))}`
  await told(text, 65_536).catch(() => '')
  // Below 1 s; each looked through 4 MB for its end, which took minutes.
  expect(process.threadCpuUsage(before).user / 1e6).toBeLessThan(10)
})

test('a definition with brackets ends behind them, and comments where they end first', async () => {
  for (const size of [1, 7, 1000]) {
    expect(await told('<!DOCTYPE a [<!ENTITY b "[c]"> ] ><a>x<!-- ] > -->y<!-- --><b/>]]></a>', size)).toBe(
      '<a {}xy<b {}/b]]>/a',
    )
  }
})

test('100,000 elements in one another take no longer than as many beside one another', async () => {
  const trouble = createTrouble(() => {})
  const count = 100_000
  const seconds = async (text: string) => {
    const started = process.cpuUsage()
    for await (const root of elementsOf(pieces(text, 65_536), undefined, trouble))
      expect(rawText(root).length + childrenOf(root).length).toBeGreaterThan(0)
    return process.cpuUsage(started).user / 1e6
  }
  const flat = await seconds(`<r>x${'<a></a>'.repeat(count)}</r>`)
  const deep = await seconds(`<r>x${'<a>'.repeat(count)}y${'</a>'.repeat(count)}</r>`)
  // With a stack that moves as a whole it was a hundred times as long.
  expect(deep).toBeLessThan(10 * flat + 1)
}, 60_000)
