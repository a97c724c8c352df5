import { randomUUID } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe } from 'vitest'
import { blobsContract } from './contract.ts'
import { bucket, keys, type S3Server, startS3Server } from './fixture-s3.ts'
import { createS3Blobs } from './s3.ts'

describe('blobs in an S3-compatible store', () => {
  let server: S3Server
  beforeAll(async () => {
    server = await startS3Server()
  })
  afterAll(() => server.close())

  const prefixes = new Map<string, string>()
  blobsContract({
    async open(folder) {
      const prefix = prefixes.get(folder) ?? randomUUID()
      prefixes.set(folder, prefix)
      return createS3Blobs({
        endpoint: `http://127.0.0.1:${server.port}`,
        region: 'us-east-1',
        bucket,
        prefix,
        ...keys,
        pathStyle: true,
        cacheFolder: folder,
        cacheBytes: 1024 ** 3,
      })
    },
    leftovers: async folder => [...(await readdir(join(folder, 'tmp'))), ...(await server.uploads())],
  })
})
