import path from 'node:path'
import { createFolderBlobs } from '../shared/blobs/folder.ts'
import type { S3Settings } from '../shared/blobs/s3.ts'
import { AppError } from '../shared/errors.ts'
import type { Blobs } from '../shared/ports.ts'
import type { BlobStoreConfig, Config } from './config.ts'

const kinds = ['folder', 's3']

/**
 * Where the bytes lie, as it may be shown. On Postgres a folder for each database: `installation` names it. Throws
 * `setting-invalid`, `setting-missing`.
 */
export function placeOfBlobs(
  { dataDirectory, blobStore }: Pick<Config, 'dataDirectory' | 'blobStore'>,
  installation?: string,
): { folder: string } | { s3: S3Settings; shown: string } {
  if (!kinds.includes(blobStore.kind)) {
    const values = { variable: 'BLOB_STORE', given: blobStore.kind.slice(0, 80), allowed: kinds.join(', ') }
    throw new AppError('setting-invalid', values)
  }
  if (blobStore.kind === 's3') {
    const { endpoint, region, prefix, pathStyle, cacheBytes } = blobStore
    const s3: S3Settings = {
      ...(endpoint !== undefined && { endpoint }),
      ...{ region, prefix, pathStyle, cacheBytes },
      bucket: demand(blobStore, 'bucket', 'S3_BUCKET'),
      accessKeyId: demand(blobStore, 'accessKeyId', 'S3_ACCESS_KEY_ID'),
      secretAccessKey: demand(blobStore, 'secretAccessKey', 'S3_SECRET_ACCESS_KEY'),
      cacheFolder: path.join(dataDirectory, 'blob-cache'),
    }
    return { s3, shown: `s3://${s3.bucket}/${prefix}${endpoint === undefined ? '' : ` (${endpoint})`}` }
  }
  const folder = installation === undefined ? [] : ['databases', installation]
  return { folder: path.join(dataDirectory, ...folder, 'blobs') }
}

/** Throws what `placeOfBlobs` and the stores throw. */
export async function openBlobs(config: Config, installation?: string): Promise<Blobs & { close(): void }> {
  const place = placeOfBlobs(config, installation)
  // Its client takes 0.13 s to load.
  if ('s3' in place) return (await import('../shared/blobs/s3.ts')).createS3Blobs(place.s3)
  return { ...(await createFolderBlobs({ folder: place.folder })), close() {} }
}

function demand(
  blobStore: BlobStoreConfig,
  key: 'bucket' | 'accessKeyId' | 'secretAccessKey',
  variable: string,
): string {
  const value = blobStore[key]
  if (value === undefined) throw new AppError('setting-missing', { variable, needs: 'BLOB_STORE=s3' })
  return value
}
