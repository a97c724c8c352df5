/** How much memory a server takes for a file that is sent to it: it is to come through in pieces. */
import { request } from 'node:http'
import type { Client } from '../shared/api/client.ts'
import { atMost, type Figure } from './figure.ts'
import { startServer } from './served.ts'

/** MB. */
const size = 200

interface Server {
  client: Client
  address: string
  token: string
  /** Resident memory of the server process alone, in MB. */
  memory(): Promise<number>
}

export async function uploadFigures(data: string): Promise<Figure[]> {
  const server = await startServer(data)
  const token = new URL(server.url).hash.replace('#token=', '')
  try {
    const more = await memoryOfUpload({ ...server, token })
    return [atMost(`memory for a file of ${size} MB while it is sent`, more, 'MB', 30)]
  } finally {
    await server.stop()
  }
}

/** In MB, of a server that has read nothing yet. */
export async function memoryOfUpload({ client, address, token, memory }: Server): Promise<number> {
  const { projects } = await client.projects.list()
  const projectId = projects[0]?.id ?? ''
  const send = (megabytes: number, filling: string) =>
    upload(`${address}/api/v1/projects/${projectId}/documents`, token, megabytes, filling)
  // What the first use of everything takes is not the upload's.
  await send(20, 'a')
  while ((await client.documents.list({ projectId })).documents[0]?.state !== 'failed')
    await new Promise(resolve => setTimeout(resolve, 50))
  const before = await memory()
  let most = before
  let going = true
  const sent = send(size, 'b').finally(() => {
    going = false
  })
  const watched = (async () => {
    while (going) {
      most = Math.max(most, await memory())
      await new Promise(resolve => setTimeout(resolve, 20))
    }
  })()
  await Promise.all([sent, watched])
  return most - before
}

async function upload(url: string, token: string, megabytes: number, filling: string): Promise<void> {
  const status = await new Promise<number>((resolve, reject) => {
    const sent = request(url, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'multipart/form-data; boundary=x' },
    })
    sent.on('error', reject)
    sent.on('response', answer => answer.resume().on('end', () => resolve(answer.statusCode ?? 0)))
    const chunk = Buffer.alloc(1024 * 1024, filling)
    let count = 0
    const next = () => {
      while (count++ < megabytes)
        if (!sent.write(chunk)) {
          sent.once('drain', next)
          return
        }
      sent.end('\r\n--x--\r\n')
    }
    // Only its beginning is a PDF: how it is read is not what is measured.
    sent.write('--x\r\nContent-Disposition: form-data; name="files"; filename="a.pdf"\r\n\r\n%PDF-1.4\n')
    next()
  })
  if (status !== 200) throw new Error(`the file was refused with ${status}`)
}
